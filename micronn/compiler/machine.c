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

   What each operation computes stands in operations.h, and sums of many terms in sums.h.

   Nothing here checks an index while it runs.  machine_check() has looked at every
   instruction before: it reads only what lies before its result, inside the arrays. */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifndef real
#define real double /* or float: -Dreal=float */
#endif

enum {
    LANES = 32,           /* examples in a full block, 8 in one of a large graph */
    RULE_LANES = 256,     /* parameters side by side in an optimiser's rule */
    MOST_SLOTS = 1 << 22, /* so that a slot's place times the lanes is a 32-bit number */
};

#include "operations.h"
#include "sums.h"

/* A struct, and its own text: machine.py reads that and lays out the same. */
#define STRUCT(NAME, ...) \
    typedef struct { __VA_ARGS__ } NAME; \
    const char NAME##_text[] = #__VA_ARGS__

STRUCT(Sizes, int64_t lanes, rule_lanes, most_slots, bytes_of_real;);
const Sizes machine_sizes = {LANES, RULE_LANES, MOST_SLOTS, sizeof(real)};

#define NAMED(NAME, ...) #NAME " "
const char machine_operations[] = ALL_OPERATIONS(NAMED); /* in the order of their numbers */

STRUCT(Instruction,
    int32_t op, times; /* what to do, for how many neighbouring results */
    int32_t out;       /* slot of the first result */
    int32_t a, b;      /* first slot, or first scalar, of each operand */
    int32_t n;         /* how many terms go into one result */
    int32_t stride;    /* from the scalars of one result to those of the next */
    int32_t bias;      /* first scalar that LAYER adds, or -1 */
);

STRUCT(Program,
    const Instruction *code;
    const real *constants;
    const int32_t *outputs; /* the slots of the results */
    int64_t length, slots, inputs, weights, constant_count, output_count;
    int64_t quiet; /* so many slots at the start need no gradient, if inputs need none */
);

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

/* Weighted sums of one row of slots, with weights that lie evenly spaced */

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

/* A result and its operands never share memory, which machine_check() has seen to, so a
   loop over them needs no precautions. */
#if defined(__GNUC__) && defined(__OPTIMIZE__) && !defined(__clang__)
#define APART _Pragma("GCC ivdep")
#else
#define APART
#endif

/* The forward pass.  Returns whether the graph would refuse one of the examples. */

#define FORWARD1(NAME, value, message, refused) \
    case NAME: { \
        IF_READ const real k = in.b < 0 ? 0 : *scalar(p, block, in.b); \
        APART for (int64_t i = 0; i < size; i++) { \
            const real x = va[i], y = value; \
            out[i] = y; \
            trouble |= refused; \
        } \
        break; \
    }
#define FORWARD2(NAME, value, message_a, message_b, refused) \
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

#define BACKWARD1(NAME, value, message, refused) \
    case NAME: { \
        IF_READ const real k = in.b < 0 ? 0 : *scalar(p, block, in.b); \
        APART for (int64_t i = 0; i < size && wanted_a; i++) { \
            IF_READ const real x = va[i], y = out[i], d = g[i]; \
            da[i] += message; \
        } \
        break; \
    }
#define BACKWARD2(NAME, value, message_a, message_b, refused) \
    case NAME: \
        APART for (int64_t i = 0; i < size && wanted_a; i++) { \
            IF_READ const real a = va[i], b = vb[i], y = out[i], d = g[i]; \
            da[i] += message_a; \
        } \
        APART for (int64_t i = 0; i < size && wanted_b; i++) { \
            IF_READ const real a = va[i], b = vb[i], y = out[i], d = g[i]; \
            db[i] += message_b; \
        } \
        break;

static void backward(const Program *p, const Block *block, int n, int64_t quiet) {
    for (int64_t step = p->length - 1; step >= 0; step--) {
        const Instruction in = p->code[step];
        const int64_t size = (int64_t)in.times * n;
        const real *out = block->v + (int64_t)in.out * n, *g = block->d + (int64_t)in.out * n;
        const real *va = block->v + (int64_t)in.a * n, *vb = block->v + (int64_t)in.b * n;
        real *da = block->d + (int64_t)in.a * n, *db = block->d + (int64_t)in.b * n;
        const int64_t terms = in.op >= DOT ? in.n : in.times;
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
    if (in.op < LAYER && in.n != 0) return 0; /* it has no terms */
    int64_t results = in.op == LOGSUMEXP ? 1 + (int64_t)in.n : in.times;
    if (in.out < p->inputs || !slots_before(p->slots, in.out, results)) return 0;
    if (in.op == BROADCAST) return scalars_known(p, in.a, in.times, in.stride, 1);
    if (!slots_before(in.out, in.a, in.op >= LAYER ? in.n : in.times)) return 0;
    if (in.op == LAYER)
        return scalars_known(p, in.b, in.times, in.stride, in.n)
            && (in.bias < 0 || scalars_known(p, in.bias, in.times, in.stride, 1));
    if (in.op == DOT) return slots_before(in.out, in.b, in.n);
    if (in.op >= ADD && in.op <= POW) return slots_before(in.out, in.b, in.times);
    return in.b == -1 || (in.op < ADD && scalars_known(p, in.b, 1, 0, 1));
}

int64_t machine_check(const Program *p) {
    for (int64_t step = 0; step < p->length; step++)
        if (!instruction_is_safe(p, p->code[step])) return step;
    for (int64_t i = 0; i < p->output_count; i++)
        if (!slots_before(p->slots, p->outputs[i], 1)) return p->length;
    return -1;
}

/* How many numbers of memory a program needs for each lane. */
int64_t machine_memory(const Program *p) {
    int64_t scratch = 1;
    for (int64_t step = 0; step < p->length; step++)
        if (p->code[step].n > scratch) scratch = p->code[step].n;
    return 2 * p->slots + p->inputs + scratch;
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

static int all_finite(const real *numbers, int64_t count) {
    int odd = 0;
    for (int64_t i = 0; i < count; i++) odd |= !(numbers[i] * 0 == 0); /* inf * 0 is nan */
    return !odd;
}

/* The results of every example, [row][output], and, if they are asked for, the gradients
   of the first one by the inputs, [row][input], and the sum of those by the parameters,
   added to dw.  Returns 0 where the graph must be asked: it refuses an example, or a
   result is inf or nan.  In floats any number may be inf that is a number in doubles. */

static int run(const Program *p, real *memory, const double *examples, int64_t count,
               const real *w, real *dw, real *values, real *input_gradients, double share) {
    /* A graph of many slots has smaller blocks: both passes go over all of them, and are
       three times faster when they stay in the cache. */
    const int64_t most = p->slots > 4096 ? 8 : LANES, lanes = count < most ? count : most;
    const int64_t quiet = input_gradients ? 0 : p->quiet;
    const Block block = block_in(p, memory, lanes, w, dw);
    for (int64_t first = 0; first < count; first += most) {
        const int n = (int)(count - first < most ? count - first : most);
        load(p, &block, examples, first, n);
        if (forward(p, &block, n)) return 0;
        if (sizeof(real) < sizeof(double) && !all_finite(block.v, p->slots * n)) return 0;
        for (int l = 0; l < n; l++)
            for (int64_t i = 0; i < p->output_count; i++)
                values[(first + l) * p->output_count + i] = block.v[(int64_t)p->outputs[i] * n + l];
        if (!dw && !input_gradients) continue;
        memset(block.d + quiet * n, 0, sizeof(real) * (size_t)((p->slots - quiet) * n));
        for (int l = 0; l < n; l++) block.d[(int64_t)p->outputs[0] * n + l] += (real)share;
        backward(p, &block, n, quiet);
        for (int l = 0; l < n && input_gradients; l++)
            for (int64_t i = 0; i < p->inputs; i++)
                input_gradients[(first + l) * p->inputs + i] = block.d[i * n + l];
    }
    return 1;
}

int64_t machine_run(const Program *p, real *memory, const double *examples, int64_t count,
                    const real *w, real *dw, real *values, real *input_gradients,
                    double share) {
    return run(p, memory, examples, count, w, dw, values, input_gradients, share)
        && all_finite(values, count * p->output_count) && all_finite(dw, dw ? p->weights : 0)
        && (!input_gradients || all_finite(input_gradients, count * p->inputs));
}

/* Training.  columns: the parameters, then each column of the optimiser's memory; a
   step writes the next columns and then they change places, so that a step that the
   rule refuses has changed nothing.  Columns and steps change together here, where
   no Ctrl-C comes in between. */

STRUCT(Training,
    const Program *program, *rule;
    real *memory, *rule_memory;
    const double *examples;
    int64_t count, batch_size, first_batch, last_batch;
    real *columns, *next, *gradients, *values;
    const real *numbers; /* the rule's arguments that change, [batch - first_batch][argument] */
    double loss;         /* the sum of the values of the examples done */
    int64_t steps;       /* how many the columns have behind them */
);

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
    t->steps++;
    return 1;
}

/* Returns the number of the batch after the last one done: last_batch, or earlier where
   the graph or the rule would refuse. */
int64_t machine_train(Training *t) {
    const Program *p = t->program;
    for (int64_t batch = t->first_batch; batch < t->last_batch; batch++) {
        const int64_t first = batch * t->batch_size, left = t->count - first;
        const int64_t size = left < t->batch_size ? left : t->batch_size;
        memset(t->gradients, 0, sizeof(real) * (size_t)p->weights);
        if (!run(p, t->memory, t->examples + first * p->inputs, size, t->columns, t->gradients,
                 t->values, NULL, 1.0 / (double)size)
            || !apply_rule(t, t->numbers + (batch - t->first_batch) * t->rule->weights))
            return batch;
        for (int64_t i = 0; i < size; i++) t->loss += t->values[i * p->output_count];
    }
    return t->last_batch;
}
