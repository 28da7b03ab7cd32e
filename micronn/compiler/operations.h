/* The operations of one and two numbers: what each one computes, and its slopes.

   Included by machine.c; a real is a double or a float. */

#include <tgmath.h>

#define PI 3.141592653589793
#define INLINE static inline __attribute__((always_inline))
#define IF_READ __attribute__((unused)) /* not every row of a table reads every name */

/* x: the operand, y: the result, k: a constant, d: the gradient of the result.  By how much
   that of x grows is the slope times d; where an operation leaves x out it is 0, also where
   d is inf or nan.  The last column is where the graph itself refuses: the block is then
   done again by the graph, which raises its error in words. */

#define UNARY_OPERATIONS(OP) \
    /* name      value                       x's gradient grows by            refused where */ \
    OP(COPY,     x,                          d,                               0) \
    OP(NEG,      -x,                         -d,                              0) \
    OP(ABS,      fabs(x),                    d * (x != x ? x : (real)((x > 0) - (x < 0))), 0) \
    OP(EXP,      exp_of(x),                  d * y,                           isinf(y) && !isinf(x)) \
    OP(LOG,      log(x),                     d * (1 / x),                     x <= 0) \
    OP(SQRT,     sqrt(x),                    d * (y == 0 ? (real)INFINITY : (real)0.5 / y), x < 0) \
    OP(SIN,      sin(x),                     d * cos(x),                      isinf(x)) \
    OP(COS,      cos(x),                     d * -sin(x),                     isinf(x)) \
    OP(TANH,     tanh_of(x),                 d * (1 - y * y),                 0) \
    OP(SIGMOID,  logistic(x),                d * (y * (1 - y)),               0) \
    OP(RELU,     x <= 0 ? (real)0 : x,       y > 0 ? d : y,                  0) \
    OP(SOFTPLUS, softplus(x),                d * logistic(x),                 0) \
    OP(GELU,     gelu(x),                    d * gelu_slope(x),               0) \
    OP(GELU_SLOPE, gelu_slope(x),             d * gelu_curve(x),               0) \
    OP(LEAKY,    x * (x > 0 ? 1 : k),        d * (x > 0 ? (real)1 : k),       0) \
    OP(SQUARE,   x * x,                      d * (2 * x),                     isinf(y) && !isinf(x)) \
    OP(POWER,    pow(x, k),                  k == 0 ? (real)0 : d * power_slope(x, k, y), \
                                                                              power_refused(x, k, y))

#define BINARY_OPERATIONS(OP) \
    /* name      value                a's gradient grows by    b's gradient grows by   refused where */ \
    OP(ADD,      a + b,               d,                       d,                      0) \
    OP(SUB,      a - b,               d,                       -d,                     0) \
    OP(MUL,      a * b,               d * b,                   d * a,                  0) \
    OP(DIV,      a / b,               d * (1 / b),             d * (-y / b),           b == 0) \
    OP(MAXIMUM,  larger(a, b),        share(a, b, d),          share(b, a, d),         0) \
    OP(MINIMUM,  -larger(-a, -b),     share(b, a, d),          share(a, b, d),         0) \
    OP(GATE,     gate(a, b),          gate(d, b),              0,                      0) \
    OP(POW,      pow(a, b),           d * power_slope(a, b, y), d * exponent_slope(a, b, y), \
                                                                                power_refused(a, b, y))

/* What is read by result j, and by its term i: list[k] is entry k of the program's lists.
   An operation of one number reads slot[list[a + j]], one of two slot[list[b + j]] as well;
   the k of the first is scalar[b]. */

#define OTHER_OPERATIONS(OP) \
    OP(BROADCAST) /* out + j = scalar[list[a + j]] in every lane */ \
    OP(LAYER) /* out + j = scalar[bias + j*stride] + sum of scalar[b + j*stride + i]*slot[a + i] */ \
    OP(DOT) /* out + j = sum of slot[list[a + j*n + i]] * slot[list[b + j*n + i]] */ \
    OP(SUM) /* out + j = sum of slot[list[a + j*n + i]] */ \
    OP(MEAN) /* the same, divided by n */ \
    OP(LOGSUMEXP) /* out + j = log of the sum of e**slot[list[a + j*n + i]]; \
                     out + times + j*n + i: the share of each */

#define ALL_OPERATIONS(OP) UNARY_OPERATIONS(OP) BINARY_OPERATIONS(OP) OTHER_OPERATIONS(OP)
#define NUMBERED(NAME, ...) NAME,
enum { ALL_OPERATIONS(NUMBERED) OPERATIONS };

/* e**x and tanh(x) for many lanes at once: without a branch, so that the compiler turns them
   into SIMD instructions, where the C library takes one number at a time.

   x = k*ln(2) + r with a whole k, and r at most ln(2)/2 away from 0, where a few terms of
   e**r = 1 + r + r**2/2! + ... give all digits.  Then e**x = 2**k * e**r.
   Source: Cody, Waite, "Software manual for the elementary functions", 1980, chapter 6. */

typedef struct { double whole, rest; } Parts; /* k, and e**r - 1 */

/* Adding 1.5 * 2**52 leaves no room for a fraction; k is then in the lowest bits. */
#define SHIFT 0x1.8p52

INLINE Parts parts_of_exp(double x) {
    const double k = (x * 1.4426950408889634 + SHIFT) - SHIFT; /* x / ln(2) */
    /* ln(2) in two numbers: the product of k and the first, which ends in zeros, is exact */
    const double r = (x - k * 0.6931471803691238) - k * 1.9082149292705877e-10;
    const double r2 = r * r, r4 = r2 * r2;
    const double low = (1.0 / 2 + r * (1.0 / 6)) + r2 * (1.0 / 24 + r * (1.0 / 120));
    const double middle = (1.0 / 720 + r * (1.0 / 5040)) + r2 * (1.0 / 40320 + r * (1.0 / 362880));
    const double high = (1.0 / 3628800 + r * (1.0 / 39916800))
                      + r2 * (1.0 / 479001600 + r * (1.0 / 6227020800));
    return (Parts){k, r + r2 * (low + r4 * (middle + r4 * high))};
}

INLINE double power_of_two(double k) { /* for whole k from -1022 to 1023 */
    const double shifted = k + SHIFT;
    uint64_t bits;
    double result;
    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits + 1023) << 52; /* into the exponent */
    memcpy(&result, &bits, sizeof bits);
    return result;
}

INLINE real exp_of(real number) {
    double x = number;
    x = x > 710 ? 710 : x; /* of which the power is inf */
    x = x < -746 ? -746 : x; /* and 0 */
    const Parts parts = parts_of_exp(x);
    const double half = (parts.whole * 0.5 + SHIFT) - SHIFT; /* 2**k alone may be too large */
    return (real)((1 + parts.rest) * power_of_two(half) * power_of_two(parts.whole - half));
}

INLINE real tanh_of(real x) { /* 1 - 2 / (e**2x + 1), without taking two near numbers apart */
    double size = 2 * fabs((double)x);
    size = size > 44 ? 44 : size; /* from where on it is 1 */
    const Parts parts = parts_of_exp(size);
    const double power = power_of_two(parts.whole), less_one = parts.rest * power + (power - 1);
    return (real)copysign(less_one / (less_one + 2), x);
}

/* Functions of one number, as the graph computes them */

INLINE real logistic(real x) {
    real e = exp_of(-fabs(x)); /* never e to a positive power, which would overflow */
    return x >= 0 ? 1 / (1 + e) : e / (1 + e);
}

INLINE real softplus(real x) { return (x > 0 ? x : 0) + log1p(exp(-fabs(x))); }

/* The probability that a standard normal number is below x: erfc(-x/sqrt(2)) / 2, put right
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

static real gelu_curve(real x) { /* the slope of that slope */
    real bell = exp(-0.5 * (double)x * x) / sqrt(2 * PI);
    return 2 * bell - x * (x * bell);
}

INLINE real gate(real a, real b) { return b > 0 ? a : b <= 0 ? 0 : b; } /* b may be nan */

INLINE real larger(real a, real b) { return a > b ? a : a < b ? b : a == b ? a : (real)NAN; }

INLINE real share(real a, real b, real d) { /* of the gradient of larger(a, b) that goes to a */
    return a > b ? d : a < b ? 0 : a == b ? (real)0.5 * d : (real)NAN;
}

static real power_slope(real x, real k, real y) {
    if (k == 0) return 0;
    /* such a k is even, and k - 1, which is odd, would be rounded */
    if (x < 0 && fabs(k) >= (sizeof(real) == 8 ? 0x1p53 : 0x1p24)) return k * (y / x);
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

/* For each operation of one or two numbers a function for the values of a few lanes, and one
   for the gradients of its operands.  All is computed before anything is written: so it
   goes through registers, and both operands may be the same slot. */

enum { FEW = 8 };

/* A few lanes are a vector, and clang would gather vectors from all over them once more,
   which takes 7 times as long. */
#ifdef __clang__
#define NO_MORE_VECTORS _Pragma("clang loop vectorize(disable)")
#else
#define NO_MORE_VECTORS
#endif

/* All of n lanes, a few at a time, and those that are left one by one */
#define EACH_LANE(few, one) \
    int64_t l = 0; \
    NO_MORE_VECTORS \
    for (; l + FEW <= n; l += FEW) few; \
    for (; l < n; l++) one;

#define FUNCTIONS1(NAME, value, message, refused) \
    INLINE int NAME##_values(real *out, const real *va, IF_READ real k, const int lanes) { \
        real found[FEW]; \
        int trouble = 0; \
        for (int i = 0; i < lanes; i++) { \
            const real x = va[i], y = value; \
            found[i] = y; \
            trouble |= refused; \
        } \
        for (int i = 0; i < lanes; i++) out[i] = found[i]; \
        return trouble; \
    } \
    INLINE void NAME##_slopes(real *da, const real *va, const real *out, const real *g, \
                              IF_READ real k, const int lanes) { \
        real found[FEW]; \
        for (int i = 0; i < lanes; i++) { \
            IF_READ const real x = va[i], y = out[i], d = g[i]; \
            found[i] = message; \
        } \
        for (int i = 0; i < lanes; i++) da[i] += found[i]; \
    }
#define FUNCTIONS2(NAME, value, message_a, message_b, refused) \
    INLINE int NAME##_values(real *out, const real *va, const real *vb, const int lanes) { \
        real found[FEW]; \
        int trouble = 0; \
        for (int i = 0; i < lanes; i++) { \
            const real a = va[i], b = vb[i], y = value; \
            found[i] = y; \
            trouble |= refused; \
        } \
        for (int i = 0; i < lanes; i++) out[i] = found[i]; \
        return trouble; \
    } \
    INLINE void NAME##_slopes(real *da, real *db, const real *va, const real *vb, \
                              const real *out, const real *g, const int lanes) { \
        real for_a[FEW], for_b[FEW]; \
        for (int i = 0; i < lanes; i++) { \
            IF_READ const real a = va[i], b = vb[i], y = out[i], d = g[i]; \
            for_a[i] = message_a; \
            for_b[i] = message_b; \
        } \
        for (int i = 0; i < lanes; i++) da[i] += for_a[i]; \
        for (int i = 0; i < lanes; i++) db[i] += for_b[i]; \
    }
UNARY_OPERATIONS(FUNCTIONS1)
BINARY_OPERATIONS(FUNCTIONS2)
