/* Sums of many numbers, for many examples at once; included by machine.c. */

/* Weighted sums.  Forward, and both gradients, are one pattern: to a row of numbers,
   add a sum of rows, each times a factor.

       y[j][i] += f[j][t] * rows[t][i]    for i < width, summed over t < terms

   Several rows y at a time, so that each row is read once for all of them and the
   sums stay in registers: 4 rows of 4 vectors fill half of the registers of AVX-512,
   4 rows of 2 those of older processors.  WebAssembly knows vectors
   of 16 bytes, of which a processor may have only 16: half of them for the sums. */

#ifdef __AVX512F__
enum { VECTOR = 64, TILE = 4, WIDE = 4, TALL = 4 };
#elif defined(__wasm__)
enum { VECTOR = 16, TILE = VECTOR / sizeof(real), WIDE = 8 / TILE, TALL = 2 };
#else
enum { VECTOR = 32, TILE = 4, WIDE = 2, TALL = 2 };
#endif

typedef real Vector __attribute__((vector_size(VECTOR), aligned(sizeof(real)), may_alias));
enum { SIDE = VECTOR / sizeof(real) }; /* numbers in a vector */
_Static_assert(sizeof(Vector) == VECTOR, "this compiler knows no vectors");

#if defined(__GNUC__) && !defined(__clang__)
/* gcc's specialised copies keep the sums in memory, which is 4 times slower */
#define ONE_COPY __attribute__((noinline, noclone))
#else
#define ONE_COPY __attribute__((noinline))
#endif

#ifdef __wasm__ /* has none, and would still work out the address */
#define PREFETCH(address) ((void)(address))
#else
#define PREFETCH(address) __builtin_prefetch(address)
#endif

enum { LINE = 64 / sizeof(real) }; /* numbers that come from memory together */

typedef struct {
    real *y;
    const real *factors, *rows;
    int64_t y_step, factor_row, factor_step; /* f[j][t]: j * factor_row + t * factor_step */
    int64_t row_step, ahead; /* ahead: from a row to the one that is read next in its place */
    int count, terms, width;
} Products;

INLINE void add_tile(Products p, int j0, int i0, const int tile, const int wide) {
    Vector sums[TILE][WIDE];
    real *restrict y = p.y + j0 * p.y_step + i0;
    const real *restrict factors = p.factors + j0 * p.factor_row, *restrict row = p.rows + i0;
    const int64_t line = j0 / TILE * LINE, ahead = line < wide * SIDE ? p.ahead : 0;
    for (int j = 0; j < tile; j++)
        for (int i = 0; i < wide; i++) sums[j][i] = *(Vector *)(y + j * p.y_step + i * SIDE);
    for (int t = 0; t < p.terms; t++, row += p.row_step) {
        if (ahead) PREFETCH(row + ahead + line); /* one of its lines for each tile */
        Vector read[WIDE];
        for (int i = 0; i < wide; i++) read[i] = *(Vector *)(row + i * SIDE);
        for (int j = 0; j < tile; j++) {
            real factor = factors[j * p.factor_row + t * p.factor_step];
            for (int i = 0; i < wide; i++) sums[j][i] += factor * read[i];
        }
    }
    for (int j = 0; j < tile; j++)
        for (int i = 0; i < wide; i++) *(Vector *)(y + j * p.y_step + i * SIDE) = sums[j][i];
}

/* The same for so few numbers of each row that they are no vector */
INLINE void add_part(Products p, int j0, int i0, const int tile, const int wide) {
    real sums[TILE][4];
    real *restrict y = p.y + j0 * p.y_step + i0;
    const real *restrict factors = p.factors + j0 * p.factor_row, *restrict row = p.rows + i0;
    for (int j = 0; j < tile; j++)
        for (int i = 0; i < wide; i++) sums[j][i] = y[j * p.y_step + i];
    for (int t = 0; t < p.terms; t++, row += p.row_step)
        for (int j = 0; j < tile; j++) {
            real factor = factors[j * p.factor_row + t * p.factor_step];
            for (int i = 0; i < wide; i++) sums[j][i] += factor * row[i];
        }
    for (int j = 0; j < tile; j++)
        for (int i = 0; i < wide; i++) y[j * p.y_step + i] = sums[j][i];
}

#define EACH_TILE(add, i, wide) \
    int j = 0; \
    for (; j + TILE <= p.count; j += TILE) add(p, j, i, TILE, wide); \
    for (; j < p.count; j++) add(p, j, i, 1, wide);

INLINE void add_columns(Products p, int i, const int wide) { EACH_TILE(add_tile, i, wide) }
INLINE void add_few_columns(Products p, int i, const int wide) { EACH_TILE(add_part, i, wide) }

static ONE_COPY void add_products(Products p) {
    int i = 0;
    for (; i + WIDE * SIDE <= p.width; i += WIDE * SIDE) add_columns(p, i, WIDE);
    for (; i + WIDE / 2 * SIDE <= p.width; i += WIDE / 2 * SIDE) add_columns(p, i, WIDE / 2);
    for (; i + SIDE <= p.width; i += SIDE) add_columns(p, i, 1);
    for (; i + 4 <= p.width; i += 4) add_few_columns(p, i, 4);
    for (; i < p.width; i++) add_few_columns(p, i, 1);
}

/* The same where each row lies the other way round, its terms side by side:

       y[j][i] += sum of f[j][t] * rows[i][t] over t < terms

   A vector of sums for each of TALL times 4 pairs of rows: so each vector that is read is
   used several times, and the sums fill half of the registers again. */

enum { ACROSS = 4 };

INLINE real added_up(const Vector *vector) {
    Vector sums = *vector;
    for (int half = SIDE / 2; half; half /= 2)
        for (int s = 0; s < half; s++) sums[s] += sums[s + half];
    return sums[0];
}

INLINE void dot_tile(Products p, int j0, int i0, const int tall, const int wide) {
    Vector sums[TALL][ACROSS];
    const real *restrict factors = p.factors + j0 * p.factor_row;
    const real *restrict rows = p.rows + i0 * p.row_step;
    for (int j = 0; j < tall; j++)
        for (int i = 0; i < wide; i++) sums[j][i] = (Vector){0};
    int t = 0;
    for (; t + SIDE <= p.terms; t += SIDE)
        for (int j = 0; j < tall; j++) {
            const Vector factor = *(const Vector *)(factors + j * p.factor_row + t);
            for (int i = 0; i < wide; i++)
                sums[j][i] += factor * *(const Vector *)(rows + i * p.row_step + t);
        }
    real *y = p.y + j0 * p.y_step + i0;
    for (int j = 0; j < tall; j++)
        for (int i = 0; i < wide; i++) y[j * p.y_step + i] += added_up(&sums[j][i]);
    for (; t < p.terms; t++)
        for (int j = 0; j < tall; j++)
            for (int i = 0; i < wide; i++)
                y[j * p.y_step + i] += factors[j * p.factor_row + t] * rows[i * p.row_step + t];
}

INLINE void dot_columns(Products p, int i, const int wide) {
    int j = 0;
    for (; j + TALL <= p.count; j += TALL) dot_tile(p, j, i, TALL, wide);
    for (; j < p.count; j++) dot_tile(p, j, i, 1, wide);
}

static ONE_COPY void add_dots(Products p) {
    int i = 0;
    for (; i + ACROSS <= p.width; i += ACROSS) dot_columns(p, i, ACROSS);
    for (; i + ACROSS / 2 <= p.width; i += ACROSS / 2) dot_columns(p, i, ACROSS / 2);
    for (; i < p.width; i++) dot_columns(p, i, 1);
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

#if defined(__has_builtin) && !defined(__wasm__)
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

static void transpose(real *restrict to, const real *restrict from, int64_t rows, int64_t columns,
                      int64_t step) {
    int64_t r = 0;
#ifdef SQUARE_SIDE
    for (; r + 8 <= rows; r += 8) {
        int64_t c = 0;
        for (; c + 8 <= columns; c += 8)
            transpose_square(to + c * rows + r, rows, from + r * step + c, step);
        for (; c < columns; c++)
            for (int i = 0; i < 8; i++) to[c * rows + r + i] = from[(r + i) * step + c];
    }
#endif
    for (int64_t c = 0; c < columns; c++)
        for (int64_t left = r; left < rows; left++) to[c * rows + left] = from[left * step + c];
}

/* Several terms into one result, in each of n lanes: terms[i] is the slot of term i. */

INLINE void add_up_products(const real *v, const int32_t *a, const int32_t *b, real *out,
                            int terms, int64_t n, const int lanes) {
    real sums[FEW] = {0};
    for (int i = 0; i < terms; i++)
        for (int l = 0; l < lanes; l++) sums[l] += v[a[i] * n + l] * v[b[i] * n + l];
    for (int l = 0; l < lanes; l++) out[l] = sums[l];
}

static void dot_forward(const real *v, const int32_t *a, const int32_t *b, real *out, int terms,
                        int64_t n) {
    EACH_LANE(add_up_products(v + l, a, b, out + l, terms, n, FEW),
              add_up_products(v + l, a, b, out + l, terms, n, 1))
}

/* Adds with the rounding errors kept aside, as the graph rounds a sum only once.
   Source: Neumaier, "Rundungsfehleranalyse einiger Verfahren zur Summation", 1974. */
INLINE void add_up(const real *v, const int32_t *a, real *out, int terms, real factor, int64_t n,
                   const int lanes) {
    real sums[FEW] = {0}, lost[FEW] = {0};
    for (int i = 0; i < terms; i++)
        for (int l = 0; l < lanes; l++) {
            real x = v[a[i] * n + l] * factor, sum = sums[l] + x;
            lost[l] += fabs(sums[l]) >= fabs(x) ? (sums[l] - sum) + x : (x - sum) + sums[l];
            sums[l] = sum;
        }
    for (int l = 0; l < lanes; l++) out[l] = isfinite(sums[l]) ? sums[l] + lost[l] : sums[l];
}

static void sum_forward(const real *v, const int32_t *a, real *out, int terms, real factor,
                        int64_t n) {
    EACH_LANE(add_up(v + l, a, out + l, terms, factor, n, FEW),
              add_up(v + l, a, out + l, terms, factor, n, 1))
}

static void mean_forward(const real *v, const int32_t *a, real *out, int terms, int64_t n) {
    sum_forward(v, a, out, terms, 1, n);
    int too_big = 0;
    for (int64_t l = 0; l < n; l++) {
        out[l] /= terms;
        too_big |= isinf(out[l]);
    }
    if (too_big) sum_forward(v, a, out, terms, (real)1 / terms, n);
}

INLINE void add_up_powers(const real *v, const int32_t *a, real *out, real *shares, int terms,
                          int64_t n, const int lanes) {
    real top[FEW], rest[FEW] = {0}; /* what the others add to the largest, which is 1 */
    real again[FEW] = {0};          /* what one more of the largest adds */
    for (int l = 0; l < lanes; l++) top[l] = v[a[0] * n + l];
    for (int i = 1; i < terms; i++)
        for (int l = 0; l < lanes; l++) {
            const real x = v[a[i] * n + l];
            top[l] = x > top[l] ? x : top[l];
        }
    for (int i = 0; i < terms; i++) {
        real sizes[FEW];
        for (int l = 0; l < lanes; l++) {
            const real x = v[a[i] * n + l], size = exp_of(x - top[l]);
            sizes[l] = x == top[l] ? 1 : size; /* inf - inf is nan */
        }
        for (int l = 0; l < lanes; l++) {
            const int largest = v[a[i] * n + l] == top[l];
            rest[l] += largest ? again[l] : sizes[l];
            again[l] = largest ? 1 : again[l];
        }
        for (int l = 0; l < lanes; l++) shares[i * n + l] = sizes[l];
    }
    for (int l = 0; l < lanes; l++) out[l] = top[l] + log1p(rest[l]);
    for (int i = 0; i < terms; i++)
        for (int l = 0; l < lanes; l++) shares[i * n + l] /= 1 + rest[l];
}

static void logsumexp_forward(const real *v, const int32_t *a, real *out, real *shares, int terms,
                              int64_t n) {
    EACH_LANE(add_up_powers(v + l, a, out + l, shares + l, terms, n, FEW),
              add_up_powers(v + l, a, out + l, shares + l, terms, n, 1))
}
