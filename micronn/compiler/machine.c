/* A machine for scalar graphs: a loop over instructions, each done for many examples at once.

   A recorded graph becomes a tape: a list of instructions, operands before what is
   made of them.  forward() runs the tape from the start and keeps every number;
   backward() runs it from the end and applies the chain rule.  This file is compiled
   once for the computer it runs on, never for a graph: a new graph is new data.

   Slots and lanes.  A slot is a place for one quantity of the graph.  It holds that
   quantity for n examples side by side, its lanes, so that every instruction is a
   loop over neighbours, which the compiler turns into SIMD instructions.  An
   instruction also takes `times` neighbouring slots at once: the 16 relus of a layer
   are one instruction over 16 * n numbers.

   Scalars are the numbers that all examples share: parameters first, then constants.
   The gradient of a parameter is the sum over all lanes.

   Memory.  v: values, d: gradients, both [slot][lane];  w: parameters, dw: their
   gradients.  n is the number of lanes: 32 in full blocks, 1 for a single example and
   anything in between for the last block.

   Nothing here checks an index while it runs.  machine_check() has looked at every
   instruction before: it reads only what lies before its result, inside the arrays. */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <tgmath.h>

#ifndef real
#define real double /* or float: -Dreal=float */
#endif

enum {
    LANES = 32,           /* examples in a full block, 8 in one of a large graph */
    RULE_LANES = 256,     /* parameters side by side in an optimiser's rule */
    MOST_SLOTS = 1 << 22, /* so that a slot's place times the lanes is a 32-bit number */
};

#define PI 3.141592653589793
#define INLINE static inline __attribute__((always_inline))
#define IF_READ __attribute__((unused)) /* not every row of the tables below reads every name */

typedef struct {
    int32_t op, times; /* what to do, for how many neighbouring results */
    int32_t out;       /* slot of the first result */
    int32_t a, b;      /* first slot, or first scalar, of each operand */
    int32_t n;         /* how many terms go into one result */
    int32_t stride;    /* from the scalars of one result to those of the next */
    int32_t bias;      /* first scalar that LAYER adds, or -1 */
} Instruction;

typedef struct {
    const Instruction *code;
    const real *constants;
    const int32_t *outputs; /* the slots of the results */
    int64_t length, slots, inputs, weights, constant_count, output_count;
    int64_t quiet; /* so many slots at the start need no gradient, if inputs need none */
} Program;

/* The operations.  x: the operand, y: the result, k: a constant.  The last column is
   where the graph itself refuses: the block is then done again by the graph, which
   raises its error in words. */

#define UNARY_OPERATIONS(OP) \
    /* name      value                       slope                            refused where */ \
    OP(COPY,     x,                          (real)1,                         0) \
    OP(NEG,      -x,                         (real)-1,                        0) \
    OP(ABS,      fabs(x),                    x != x ? x : (real)((x > 0) - (x < 0)), 0) \
    OP(EXP,      exp(x),                     y,                               isinf(y) && !isinf(x)) \
    OP(LOG,      log(x),                     1 / x,                           x <= 0) \
    OP(SQRT,     sqrt(x),                    y == 0 ? (real)INFINITY : (real)0.5 / y, x < 0) \
    OP(SIN,      sin(x),                     cos(x),                          isinf(x)) \
    OP(COS,      cos(x),                     -sin(x),                         isinf(x)) \
    OP(TANH,     tanh(x),                    1 - y * y,                       0) \
    OP(SIGMOID,  logistic(x),                y * (1 - y),                     0) \
    OP(RELU,     x <= 0 ? (real)0 : x,       x != x ? x : (real)(x > 0),      0) \
    OP(SOFTPLUS, softplus(x),                logistic(x),                     0) \
    OP(GELU,     gelu(x),                    gelu_slope(x),                   0) \
    OP(LEAKY,    x * (x > 0 ? 1 : k),        x > 0 ? (real)1 : k,             0) \
    OP(SQUARE,   x * x,                      2 * x,                           isinf(y) && !isinf(x)) \
    OP(POWER,    pow(x, k),                  power_slope(x, k, y),            power_refused(x, k, y))

#define BINARY_OPERATIONS(OP) \
    /* name      value                slope by a                slope by b             refused where */ \
    OP(ADD,      a + b,               (real)1,                  (real)1,               0) \
    OP(SUB,      a - b,               (real)1,                  (real)-1,              0) \
    OP(MUL,      a * b,               b,                        a,                     0) \
    OP(DIV,      a / b,               1 / b,                    -y / b,                b == 0) \
    OP(MAXIMUM,  larger(a, b),        share(a, b),              share(b, a),           0) \
    OP(MINIMUM,  -larger(-a, -b),     share(b, a),              share(a, b),           0) \
    OP(POW,      pow(a, b),           power_slope(a, b, y),     exponent_slope(a, b, y), \
                                                                                power_refused(a, b, y))

#define OTHER_OPERATIONS(OP) \
    OP(BROADCAST) /* out[i] = scalar[a + i*stride] in every lane */ \
    OP(LAYER) /* out[j] = scalar[bias + j*stride] + sum of scalar[b + j*stride + i]*slot[a + i] */ \
    OP(DOT) /* out = sum of slot[a + i] * slot[b + i] */ \
    OP(SUM) /* out = sum of slot[a + i] */ \
    OP(MEAN) /* the same, divided by n */ \
    OP(LOGSUMEXP) /* out = log of the sum of e**slot[a + i]; out + 1 + i: the share of each */

#define ALL_OPERATIONS(OP) UNARY_OPERATIONS(OP) BINARY_OPERATIONS(OP) OTHER_OPERATIONS(OP)
#define NUMBERED(NAME, ...) NAME,
enum { ALL_OPERATIONS(NUMBERED) OPERATIONS };

/* Functions of one number, as the graph computes them */

INLINE real logistic(real x) {
    real e = exp(-fabs(x)); /* never e to a positive power, which would overflow */
    return x >= 0 ? 1 / (1 + e) : e / (1 + e);
}

INLINE real softplus(real x) { return (x > 0 ? x : 0) + log1p(exp(-fabs(x))); }

/* The chance that a standard normal number is below x: erfc(-x/sqrt(2)) / 2, put right
   for the rounding of x/sqrt(2), which erfc magnifies.  As in the engine. */
static double normal_cdf(double x) {
    if (fabs(x) > 40) return x > 0;
    const double high = 0.7071067811865476, low = -4.833646656726457e-17, split = 134217729.0;
    double t = -x * high, big = -x * split, x1 = big - (big + x), x2 = -x - x1;
    double h1 = high * split - (high * split - high), h2 = high - h1;
    double error = ((x1 * h1 - t) + x1 * h2 + x2 * h1) + x2 * h2 - x * low;
    return 0.5 * (erfc(t) - error * 2 / sqrt(PI) * exp(-t * t));
}

static real gelu(real x) { return isinf(x) ? (x > 0 ? x : 0) : x * (real)normal_cdf(x); }

static real gelu_slope(real x) {
    double bell = exp(-0.5 * (double)x * x) / sqrt(2 * PI);
    return isinf(x) ? normal_cdf(x) : normal_cdf(x) + x * bell;
}

INLINE real larger(real a, real b) { return a > b ? a : a < b ? b : a == b ? a : (real)NAN; }

INLINE real share(real a, real b) { /* of the slope of larger(a, b) that goes to a */
    return a > b ? 1 : a < b ? 0 : a == b ? (real)0.5 : (real)NAN;
}

static real power_slope(real x, real k, real y) {
    if (k == 0) return 0;
    real p = pow(x, k - 1);
    return isinf(p) && x != 0 && !isinf(x) ? k * y / x : k * p;
}

static real exponent_slope(real x, real k, real y) {
    if (x == 0 && k >= 0) return 0;
    return x > 0 ? y * log(x) : (real)NAN;
}

INLINE int power_refused(real x, real k, real y) {
    return !isfinite(y) && isfinite(x) && isfinite(k);
}

/* Weighted sums.  Forward, and both gradients, are one pattern: to a row of numbers,
   add a sum of rows, each times a factor.

       y[j][i] += f[j][t] * rows[t][i]    for i < width, summed over t < terms

   Several rows y at a time, so that each row is read once for all of them and the
   sums stay in registers: 4 rows of 32 numbers fill half of the registers of AVX-512,
   4 rows of 8 those of older processors. */

#if defined(__FMA__) || defined(__aarch64__)
#define MULTIPLY_ADD(f, x, sum) fma(f, x, sum)
#else
#define MULTIPLY_ADD(f, x, sum) ((f) * (x) + (sum))
#endif

#ifdef __AVX512F__
enum { TILE = 4, WIDE = 32 };
#else
enum { TILE = 4, WIDE = 8 };
#endif

#if defined(__GNUC__) && !defined(__clang__)
/* gcc's specialised copies keep the sums in memory, which is 4 times slower */
#define ONE_COPY __attribute__((noinline, noclone))
#else
#define ONE_COPY __attribute__((noinline))
#endif

typedef struct {
    real *y;
    const real *factors, *rows;
    int64_t y_step, factor_row, factor_step; /* f[j][t]: j * factor_row + t * factor_step */
    int64_t row_step;
    int count, terms, width;
} Products;

INLINE void add_tile(Products p, int j0, int i0, const int tile, const int wide) {
    real sums[TILE][WIDE];
    real *restrict y = p.y + j0 * p.y_step + i0;
    const real *restrict factors = p.factors + j0 * p.factor_row, *restrict row = p.rows + i0;
    for (int j = 0; j < tile; j++)
        for (int i = 0; i < wide; i++) sums[j][i] = y[j * p.y_step + i];
    for (int t = 0; t < p.terms; t++, row += p.row_step)
        for (int j = 0; j < tile; j++) {
            real factor = factors[j * p.factor_row + t * p.factor_step];
            for (int i = 0; i < wide; i++) sums[j][i] = MULTIPLY_ADD(factor, row[i], sums[j][i]);
        }
    for (int j = 0; j < tile; j++)
        for (int i = 0; i < wide; i++) y[j * p.y_step + i] = sums[j][i];
}

INLINE void add_columns(Products p, int i, const int wide) {
    int j = 0;
    for (; j + TILE <= p.count; j += TILE) add_tile(p, j, i, TILE, wide);
    for (; j < p.count; j++) add_tile(p, j, i, 1, wide);
}

static ONE_COPY void add_products(Products p) {
    int i = 0;
    for (; i + WIDE <= p.width; i += WIDE) add_columns(p, i, WIDE);
    for (; i + WIDE / 2 <= p.width; i += WIDE / 2) add_columns(p, i, WIDE / 2);
    for (; i + 4 <= p.width; i += 4) add_columns(p, i, 4);
    for (; i < p.width; i++) add_columns(p, i, 1);
}

/* The sum of a[i] * b[i]: 32 sums side by side, so that they do not wait for each other. */
static real dot_product(const real *restrict a, const real *restrict b, int n) {
    real sums[32] = {0}, sum = 0;
    int i = 0;
    for (; i + 32 <= n; i += 32)
        for (int s = 0; s < 32; s++) sums[s] = MULTIPLY_ADD(a[i + s], b[i + s], sums[s]);
    for (; i < n; i++) sum = MULTIPLY_ADD(a[i], b[i], sum);
    for (int half = 16; half; half /= 2)
        for (int s = 0; s < half; s++) sums[s] += sums[s + half];
    return sum + sums[0];
}

static real lane_sum(const real *g, int n) {
    real sums[8] = {0};
    int l = 0;
    for (; l + 8 <= n; l += 8)
        for (int s = 0; s < 8; s++) sums[s] += g[l + s];
    for (; l < n; l++) sums[0] += g[l];
    const real even = (sums[0] + sums[4]) + (sums[2] + sums[6]);
    return even + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

/* to[column][row] = from[row][column].  Squares of 8 by 8 are turned in registers: one
   perfect shuffle of 8 rows (first and fifth interleaved, second and sixth, ...) moves
   every number a third of the way, so three of them do it. */

#if defined(__has_builtin)
#if __has_builtin(__builtin_shufflevector)
#define SQUARE_SIDE 8
#endif
#endif

#ifdef SQUARE_SIDE
typedef real Eight __attribute__((vector_size(8 * sizeof(real)), aligned(sizeof(real)), may_alias));

INLINE void transpose_square(real *to, int64_t to_step, const real *from, int64_t from_step) {
    Eight a[8], b[8];
    for (int i = 0; i < 8; i++) a[i] = *(const Eight *)(from + i * from_step);
    for (int third = 0; third < 3; third++) {
        for (int i = 0; i < 4; i++) {
            b[2 * i] = __builtin_shufflevector(a[i], a[i + 4], 0, 8, 1, 9, 2, 10, 3, 11);
            b[2 * i + 1] = __builtin_shufflevector(a[i], a[i + 4], 4, 12, 5, 13, 6, 14, 7, 15);
        }
        for (int i = 0; i < 8; i++) a[i] = b[i];
    }
    for (int i = 0; i < 8; i++) *(Eight *)(to + i * to_step) = a[i];
}
#endif

static void transpose(real *restrict to, const real *restrict from, int64_t rows, int64_t columns) {
    int64_t r = 0;
#ifdef SQUARE_SIDE
    for (; r + 8 <= rows; r += 8) {
        int64_t c = 0;
        for (; c + 8 <= columns; c += 8)
            transpose_square(to + c * rows + r, rows, from + r * columns + c, columns);
        for (; c < columns; c++)
            for (int i = 0; i < 8; i++) to[c * rows + r + i] = from[(r + i) * columns + c];
    }
#endif
    for (; r < rows; r++)
        for (int64_t c = 0; c < columns; c++) to[c * rows + r] = from[r * columns + c];
}

/* One block: what the loops below read and write */

typedef struct {
    real *v, *d;       /* values and gradients, [slot][lane] */
    real *rows;        /* the inputs as they came, [lane][input] */
    real *scratch;     /* other slots the same way round */
    const real *w;     /* parameters */
    real *dw;          /* their gradients */
} Block;

INLINE const real *scalar(const Program *p, const Block *block, int64_t i) {
    return i < p->weights ? block->w + i : p->constants + (i - p->weights);
}

/* Several terms into one result */

static void layer_forward(const Program *p, const Block *k, Instruction in, int n) {
    const real *w = scalar(p, k, in.b), *x = k->v + (int64_t)in.a * n;
    real *out = k->v + (int64_t)in.out * n;
    for (int j = 0; j < in.times; j++) {
        real start = in.bias < 0 ? 0 : *scalar(p, k, in.bias + (int64_t)j * in.stride);
        for (int l = 0; l < n; l++) out[j * n + l] = start;
        if (n == 1) out[j] += dot_product(w + (int64_t)j * in.stride, x, in.n);
    }
    if (n > 1)
        add_products((Products){out, w, x, n, in.stride, 1, n, in.times, in.n, n});
}

static void layer_backward(const Program *p, const Block *k, Instruction in, int n, int64_t quiet) {
    const real *w = scalar(p, k, in.b), *x = k->v + (int64_t)in.a * n;
    const real *g = k->d + (int64_t)in.out * n;
    if (in.b < p->weights) { /* d/dw[j][i] = x[i], added up over the lanes */
        if (n > 1 && in.a + in.n <= p->inputs) {
            x = k->rows + in.a;
        } else if (n > 1) {
            transpose(k->scratch, x, in.n, n);
            x = k->scratch;
        }
        int64_t x_step = x == k->scratch ? in.n : p->inputs;
        add_products((Products){k->dw + in.b, g, x, in.stride, n, 1, x_step, in.times, n, in.n});
    }
    if (in.bias >= 0 && in.bias < p->weights)
        for (int j = 0; j < in.times; j++)
            k->dw[in.bias + (int64_t)j * in.stride] += lane_sum(g + j * n, n);
    if (in.a + in.n <= quiet) return;
    real *dx = k->d + (int64_t)in.a * n; /* d/dx[i] = w[j][i], added up over the results */
    if (n == 1)
        add_products((Products){dx, g, w, 0, 0, 1, in.stride, 1, in.times, in.n});
    else
        add_products((Products){dx, w, g, n, 1, in.stride, n, in.n, in.times, n});
}

static void dot_forward(const real *a, const real *b, real *out, int terms, int n) {
    if (n == 1) {
        *out = dot_product(a, b, terms);
        return;
    }
    for (int l = 0; l < n; l++) out[l] = 0;
    for (int i = 0; i < terms; i++)
        for (int l = 0; l < n; l++) out[l] = MULTIPLY_ADD(a[i * n + l], b[i * n + l], out[l]);
}

/* Adds with the rounding errors kept aside, as the graph rounds a sum only once.
   Source: Neumaier, "Rundungsfehleranalyse einiger Verfahren zur Summation", 1974. */
static void sum_forward(const real *a, real *out, int terms, real factor, int n) {
    real sums[RULE_LANES], lost[RULE_LANES];
    for (int l = 0; l < n; l++) sums[l] = lost[l] = 0;
    for (int i = 0; i < terms; i++)
        for (int l = 0; l < n; l++) {
            real x = a[(int64_t)i * n + l] * factor, sum = sums[l] + x;
            lost[l] += fabs(sums[l]) >= fabs(x) ? (sums[l] - sum) + x : (x - sum) + sums[l];
            sums[l] = sum;
        }
    for (int l = 0; l < n; l++) out[l] = isfinite(sums[l]) ? sums[l] + lost[l] : sums[l];
}

static void mean_forward(const real *a, real *out, int terms, int n) {
    sum_forward(a, out, terms, 1, n);
    int too_big = 0;
    for (int l = 0; l < n; l++) {
        out[l] /= terms;
        too_big |= isinf(out[l]);
    }
    if (too_big) sum_forward(a, out, terms, (real)1 / terms, n);
}

static void logsumexp_forward(const real *a, real *out, int terms, int n) {
    real *shares = out + n;
    for (int l = 0; l < n; l++) {
        real top = a[l], whole = 0;
        for (int i = 1; i < terms; i++) top = a[i * n + l] > top ? a[i * n + l] : top;
        for (int i = 0; i < terms; i++) {
            real x = a[i * n + l];
            whole += shares[i * n + l] = x == top ? 1 : exp(x - top); /* inf - inf is nan */
        }
        out[l] = top + log(whole);
        for (int i = 0; i < terms; i++) shares[i * n + l] /= whole;
    }
}

/* A result and its operands never share memory, which machine_check() has seen to, so a
   loop over them needs no precautions. */
#if defined(__GNUC__) && defined(__OPTIMIZE__) && !defined(__clang__)
#define APART _Pragma("GCC ivdep")
#else
#define APART
#endif

/* The forward pass.  Returns whether the graph would refuse one of the examples. */

#define FORWARD1(NAME, value, slope, refused) \
    case NAME: { \
        IF_READ const real k = in.b < 0 ? 0 : *scalar(p, block, in.b); \
        APART for (int64_t i = 0; i < size; i++) { \
            const real x = va[i], y = value; \
            out[i] = y; \
            trouble |= refused; \
        } \
        break; \
    }
#define FORWARD2(NAME, value, slope_a, slope_b, refused) \
    case NAME: \
        APART for (int64_t i = 0; i < size; i++) { \
            const real a = va[i], b = vb[i], y = value; \
            out[i] = y; \
            trouble |= refused; \
        } \
        break;

static int forward(const Program *p, const Block *block, int n) {
    int trouble = 0;
    for (int64_t step = 0; step < p->length; step++) {
        const Instruction in = p->code[step];
        const int64_t size = (int64_t)in.times * n;
        real *out = block->v + (int64_t)in.out * n;
        const real *va = block->v + (int64_t)in.a * n, *vb = block->v + (int64_t)in.b * n;
        switch (in.op) {
            UNARY_OPERATIONS(FORWARD1)
            BINARY_OPERATIONS(FORWARD2)
        case BROADCAST:
            for (int j = 0; j < in.times; j++) {
                const real x = *scalar(p, block, in.a + (int64_t)j * in.stride);
                for (int l = 0; l < n; l++) out[j * n + l] = x;
            }
            break;
        case LAYER: layer_forward(p, block, in, n); break;
        case DOT: dot_forward(va, vb, out, in.n, n); break;
        case SUM: sum_forward(va, out, in.n, 1, n); break;
        case MEAN: mean_forward(va, out, in.n, n); break;
        case LOGSUMEXP: logsumexp_forward(va, out, in.n, n); break;
        }
    }
    return trouble;
}

/* The backward pass: the gradient of each operand grows by slope * the result's gradient. */

#define BACKWARD1(NAME, value, slope, refused) \
    case NAME: { \
        IF_READ const real k = in.b < 0 ? 0 : *scalar(p, block, in.b); \
        APART for (int64_t i = 0; i < size && wanted_a; i++) { \
            IF_READ const real x = va[i], y = out[i]; \
            da[i] += (slope) * g[i]; \
        } \
        break; \
    }
#define BACKWARD2(NAME, value, slope_a, slope_b, refused) \
    case NAME: \
        APART for (int64_t i = 0; i < size && wanted_a; i++) { \
            IF_READ const real a = va[i], b = vb[i], y = out[i]; \
            da[i] += (slope_a) * g[i]; \
        } \
        APART for (int64_t i = 0; i < size && wanted_b; i++) { \
            IF_READ const real a = va[i], b = vb[i], y = out[i]; \
            db[i] += (slope_b) * g[i]; \
        } \
        break;

static void backward(const Program *p, const Block *block, int n, int64_t quiet) {
    for (int64_t step = p->length - 1; step >= 0; step--) {
        const Instruction in = p->code[step];
        const int64_t size = (int64_t)in.times * n;
        const real *out = block->v + (int64_t)in.out * n, *g = block->d + (int64_t)in.out * n;
        const real *va = block->v + (int64_t)in.a * n, *vb = block->v + (int64_t)in.b * n;
        real *da = block->d + (int64_t)in.a * n, *db = block->d + (int64_t)in.b * n;
        const int terms = in.op >= DOT ? in.n : in.times;
        const int wanted_a = in.a + terms > quiet, wanted_b = in.b + terms > quiet;
        switch (in.op) {
            UNARY_OPERATIONS(BACKWARD1)
            BINARY_OPERATIONS(BACKWARD2)
        case BROADCAST:
            for (int j = 0; j < in.times && in.a < p->weights; j++)
                block->dw[in.a + (int64_t)j * in.stride] += lane_sum(g + j * n, n);
            break;
        case LAYER: layer_backward(p, block, in, n, quiet); break;
        case DOT:
            for (int i = 0; i < in.n && wanted_a; i++)
                for (int l = 0; l < n; l++) da[i * n + l] += g[l] * vb[i * n + l];
            for (int i = 0; i < in.n && wanted_b; i++)
                for (int l = 0; l < n; l++) db[i * n + l] += g[l] * va[i * n + l];
            break;
        case SUM:
        case MEAN:
            for (int i = 0; i < in.n && wanted_a; i++)
                for (int l = 0; l < n; l++)
                    da[(int64_t)i * n + l] += g[l] * (in.op == MEAN ? (real)1 / in.n : 1);
            break;
        case LOGSUMEXP:
            for (int i = 0; i < in.n && wanted_a; i++)
                for (int l = 0; l < n; l++) da[i * n + l] += g[l] * out[(i + 1) * n + l];
            break;
        }
    }
}

/* What Python calls.  First: is this tape safe to run?  Returns the number of the
   first instruction that is not, or -1; or the length, if something else is wrong. */

static int slots_before(int64_t end, int64_t first, int64_t count) {
    return first >= 0 && count >= 1 && first + count <= end;
}

/* count rows of n scalars, all of them parameters or all constants */
static int scalars_known(const Program *p, int64_t first, int64_t count, int64_t stride,
                         int64_t n) {
    int64_t last = first + (count - 1) * stride + n - 1;
    int64_t end = first < p->weights ? p->weights : p->weights + p->constant_count;
    return first >= 0 && stride >= 0 && last < end;
}

static int instruction_is_safe(const Program *p, Instruction in) {
    if (in.op < 0 || in.op >= OPERATIONS || in.times < 1) return 0;
    if (in.op >= DOT && in.times != 1) return 0;
    int64_t results = in.op == LOGSUMEXP ? 1 + (int64_t)in.n : in.times;
    if (in.out < p->inputs || !slots_before(p->slots, in.out, results)) return 0;
    if (in.op == BROADCAST) return scalars_known(p, in.a, in.times, in.stride, 1);
    if (!slots_before(in.out, in.a, in.op >= LAYER ? in.n : in.times)) return 0;
    if (in.op == LAYER)
        return scalars_known(p, in.b, in.times, in.stride, in.n)
            && (in.bias < 0 || scalars_known(p, in.bias, in.times, in.stride, 1));
    if (in.op == DOT) return slots_before(in.out, in.b, in.n);
    if (in.op >= ADD && in.op <= POW) return slots_before(in.out, in.b, in.times);
    return in.op > POW || in.b < 0 || scalars_known(p, in.b, 1, 0, 1);
}

int64_t machine_check(const Program *p) {
    for (int64_t step = 0; step < p->length; step++)
        if (!instruction_is_safe(p, p->code[step])) return step;
    for (int64_t i = 0; i < p->output_count; i++)
        if (!slots_before(p->slots, p->outputs[i], 1)) return p->length;
    return -1;
}

/* How many numbers of memory a program needs for that many lanes. */
static int64_t scratch_size(const Program *p) {
    int64_t most = 1;
    for (int64_t step = 0; step < p->length; step++)
        if (p->code[step].n > most) most = p->code[step].n;
    return most;
}

int64_t machine_memory(const Program *p, int64_t lanes) {
    return lanes * (2 * p->slots + p->inputs + scratch_size(p));
}

static Block block_in(const Program *p, real *memory, int64_t lanes, const real *w, real *dw) {
    Block block = {.v = memory, .w = w, .dw = dw};
    block.d = block.v + lanes * p->slots;
    block.rows = block.d + lanes * p->slots;
    block.scratch = block.rows + lanes * p->inputs;
    return block;
}

/* n examples from the first on, [row][input]. */
static void load(const Program *p, const Block *block, const double *examples, int64_t first,
                 int n) {
    const int64_t inputs = p->inputs;
    for (int l = 0; l < n; l++) {
        const double *restrict example = examples + (first + l) * inputs;
        real *restrict row = block->rows + l * inputs;
        for (int64_t i = 0; i < inputs; i++) row[i] = (real)example[i];
    }
    transpose(block->v, block->rows, n, inputs);
}

/* Examples in a full block.  A graph of many slots has smaller ones: both passes go over
   all of them, and are three times faster when they stay in the cache. */
static int block_size(const Program *p) { return p->slots > 4096 ? 8 : LANES; }

static void differentiate(const Program *p, const Block *block, int n, real seed, int64_t quiet) {
    memset(block->d + quiet * n, 0, sizeof(real) * (size_t)((p->slots - quiet) * n));
    for (int l = 0; l < n; l++) block->d[(int64_t)p->outputs[0] * n + l] += seed;
    backward(p, block, n, quiet);
}

/* The results of every example, [row][output], and, if they are asked for, the gradients
   of the first one by the inputs, [row][input], and the sum of those by the parameters,
   added to dw.  Returns 0 where the graph must be asked: it refuses an example, or a
   result is inf or nan. */

static int all_finite(const real *numbers, int64_t count) {
    int odd = 0;
    for (int64_t i = 0; i < count; i++) odd |= !(numbers[i] * 0 == 0); /* inf * 0 is nan */
    return !odd;
}

int64_t machine_run(const Program *p, real *memory, const double *examples, int64_t count,
                    const real *w, real *dw, real *values, real *input_gradients,
                    double share) {
    const int64_t most = block_size(p), lanes = count < most ? count : most;
    const int64_t quiet = input_gradients ? 0 : p->quiet;
    const Block block = block_in(p, memory, lanes, w, dw);
    for (int64_t first = 0; first < count; first += most) {
        const int n = (int)(count - first < most ? count - first : most);
        load(p, &block, examples, first, n);
        if (forward(p, &block, n)) return 0;
        for (int l = 0; l < n; l++)
            for (int64_t i = 0; i < p->output_count; i++)
                values[(first + l) * p->output_count + i] = block.v[(int64_t)p->outputs[i] * n + l];
        if (dw || input_gradients) differentiate(p, &block, n, (real)share, quiet);
        for (int l = 0; l < n && input_gradients; l++)
            for (int64_t i = 0; i < p->inputs; i++)
                input_gradients[(first + l) * p->inputs + i] = block.d[i * n + l];
    }
    return all_finite(values, count * p->output_count) && all_finite(dw, dw ? p->weights : 0)
        && (!input_gradients || all_finite(input_gradients, count * p->inputs));
}

/* Training.  columns: the parameters, then each column of the optimiser's memory; a
   step writes the next columns and then they change places, so that a step that the
   rule refuses has changed nothing. */

typedef struct {
    const Program *program, *rule;
    real *memory, *rule_memory;
    const double *examples;
    int64_t count, batch_size, first_batch, last_batch;
    real *columns, *next, *gradients;
    const real *numbers; /* the rule's arguments that change, [batch - first_batch][argument] */
    double loss;         /* the sum of the values of the examples done */
} Training;

static int batch_gradient(Training *t, int64_t first, int64_t size, double *loss) {
    const Program *p = t->program;
    const int most = block_size(p);
    const Block block = block_in(p, t->memory, most, t->columns, t->gradients);
    memset(t->gradients, 0, sizeof(real) * (size_t)p->weights);
    for (int64_t done = 0; done < size; done += most) {
        const int n = (int)(size - done < most ? size - done : most);
        load(p, &block, t->examples, first + done, n);
        if (forward(p, &block, n)) return 0;
        for (int l = 0; l < n; l++) *loss += block.v[(int64_t)p->outputs[0] * n + l];
        differentiate(p, &block, n, (real)(1.0 / (double)size), p->quiet);
    }
    return 1;
}

/* The rule is a program as well: its inputs are a parameter, its gradient and its
   memory, and its lanes are parameters instead of examples. */
static int apply_rule(Training *t, const real *numbers) {
    const Program *rule = t->rule;
    const int64_t weights = t->program->weights;
    const Block block = block_in(rule, t->rule_memory, RULE_LANES, numbers, NULL);
    for (int64_t first = 0; first < weights; first += RULE_LANES) {
        const int n = (int)(weights - first < RULE_LANES ? weights - first : RULE_LANES);
        for (int64_t i = 0; i < rule->inputs; i++) {
            const real *column = i == 1 ? t->gradients : t->columns + (i ? i - 1 : 0) * weights;
            memcpy(block.v + i * n, column + first, sizeof(real) * (size_t)n);
        }
        if (forward(rule, &block, n)) return 0;
        for (int64_t i = 0; i < rule->output_count; i++)
            memcpy(t->next + i * weights + first, block.v + (int64_t)rule->outputs[i] * n,
                   sizeof(real) * (size_t)n);
    }
    real *columns = t->columns;
    t->columns = t->next;
    t->next = columns;
    return 1;
}

/* Returns the number of the batch after the last one done: last_batch, or earlier where
   the graph or the rule would refuse. */
int64_t machine_train(Training *t) {
    for (int64_t batch = t->first_batch; batch < t->last_batch; batch++) {
        int64_t first = batch * t->batch_size, size = t->batch_size;
        if (size > t->count - first) size = t->count - first;
        double loss = 0;
        if (!batch_gradient(t, first, size, &loss)) return batch;
        if (!apply_rule(t, t->numbers + (batch - t->first_batch) * t->rule->weights)) return batch;
        t->loss += loss;
    }
    return t->last_batch;
}

/* What Python has to know or to agree on; it compares them when it loads the machine. */

#define NAMED(NAME, ...) #NAME " "
const char machine_operations[] = ALL_OPERATIONS(NAMED);

#define NUMBER(NAME) {#NAME, NAME, 0}
#define SIZE(TYPE) {#TYPE, 0, sizeof(TYPE)}
#define FIELD(TYPE, NAME) {#TYPE "." #NAME, offsetof(TYPE, NAME), sizeof(((TYPE *)0)->NAME)}
const struct {
    const char *name;
    int64_t number, size; /* what it is, or where in its struct; and how many bytes it takes */
} machine_facts[] = {
    NUMBER(LANES), NUMBER(RULE_LANES), NUMBER(MOST_SLOTS), SIZE(real),
    SIZE(Instruction), FIELD(Instruction, op), FIELD(Instruction, times), FIELD(Instruction, out),
    FIELD(Instruction, a), FIELD(Instruction, b), FIELD(Instruction, n),
    FIELD(Instruction, stride), FIELD(Instruction, bias),
    SIZE(Program), FIELD(Program, code), FIELD(Program, constants), FIELD(Program, outputs),
    FIELD(Program, length), FIELD(Program, slots), FIELD(Program, inputs),
    FIELD(Program, weights), FIELD(Program, constant_count), FIELD(Program, output_count),
    FIELD(Program, quiet),
    SIZE(Training), FIELD(Training, program), FIELD(Training, rule), FIELD(Training, memory),
    FIELD(Training, rule_memory), FIELD(Training, examples), FIELD(Training, count),
    FIELD(Training, batch_size), FIELD(Training, first_batch), FIELD(Training, last_batch),
    FIELD(Training, columns), FIELD(Training, next), FIELD(Training, gradients),
    FIELD(Training, numbers), FIELD(Training, loss),
    {NULL, 0, 0},
};
