/* A machine for scalar graphs: a loop over instructions, each done for many examples at once.

   A recorded graph becomes a tape: a list of instructions, operands before what is
   made of them.  forward() runs the tape from the start and keeps every number;
   backward() runs it from the end and applies the chain rule.  This file is compiled
   once for the computer it runs on, never for a graph: a new graph is new data.

   Slots and lanes.  A slot is a place for one quantity of the graph.  It holds that
   quantity for n examples side by side, its lanes, so that every operation is a loop
   over neighbours, which the compiler turns into SIMD instructions.

   Instructions and lists.  All equal operations that can be done at the same time are
   one instruction: it gives `times` results, in neighbouring slots, and a list says
   from which slots each of them is made.  So what to do is decided once for all of them.

   Scalars are the numbers that all examples share: parameters first, then constants.
   The gradient of a parameter is the sum over all lanes.

   Memory.  v: values, d: gradients, both [slot][lane];  w: parameters, dw: their
   gradients.  n is the number of lanes: 32 in most full blocks, 1 for a single example
   and some more than in a full one in the last block.

   What each operation computes stands in operations.h, sums of many terms in sums.h, and
   what a dense layer is in layers.h.

   Nothing here checks an index while it runs.  machine_check() has looked at every
   instruction and its lists before: they read only what lies before the results, inside
   the arrays. */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifndef real
#define real double /* or float: -Dreal=float */
#endif

enum {
    FULL = 32,            /* examples in a full block */
    MANY = 128,           /* the same of a small graph; of a large one FEW */
    RULE_LANES = 256,     /* parameters side by side in an optimiser's rule */
    MOST_SLOTS = 1 << 22, /* so that a slot's place times the lanes is a 32-bit number */
};

#include "operations.h"
#include "sums.h"
#include "rules.h"

/* A struct, and its own text: machine.py reads that and lays out the same. */
#define STRUCT(NAME, ...) \
    typedef struct { __VA_ARGS__ } NAME; \
    const char NAME##_text[] = #__VA_ARGS__

STRUCT(Sizes, int64_t rule_lanes, most_slots, bytes_of_real;);
const Sizes machine_sizes = {RULE_LANES, MOST_SLOTS, sizeof(real)};

#define NAMED(NAME, ...) #NAME " "
const char machine_operations[] = ALL_OPERATIONS(NAMED); /* in the order of their numbers */
const char machine_rules[] = ALL_RULES(NAMED);

STRUCT(Instruction,
    int32_t op, times; /* what to do, for how many neighbouring results */
    int32_t out;       /* slot of the first result */
    int32_t a, b;      /* where the lists of operands begin; operations.h has exceptions */
    int32_t n;         /* how many terms go into one result */
    int32_t stride;    /* from the scalars of one result of a LAYER to those of the next */
    int32_t bias;      /* first scalar that LAYER adds, or -1 */
);

STRUCT(Program,
    const Instruction *code;
    const int32_t *lists; /* of the operands' slots */
    const real *constants;
    const int32_t *outputs; /* the slots of the results */
    int64_t length, list_length, slots, inputs, weights, constant_count, output_count;
    int64_t quiet; /* so many slots at the start need no gradient, if inputs need none */
    int64_t direct; /* so many of the inputs are read by LAYERs alone, from the rows */
);

/* One block: what the loops below read and write */

typedef struct {
    real *v, *d;       /* values and gradients, [slot][lane] */
    const real *rows;  /* the inputs as they came, [lane][input], */
    real *floats;      /* or a copy of them, if they came as doubles where a real is a float */
    real *scratch;     /* other slots the same way round */
    const real *w;     /* parameters */
    real *dw;          /* their gradients */
} Block;

INLINE const real *scalar(const Program *p, const Block *block, int64_t i) {
    return i < p->weights ? block->w + i : p->constants + (i - p->weights);
}

#include "layers.h"

/* Several terms into one result; the second list of a dot holds as many slots as the first */

static void several_forward(Instruction in, const int32_t *list, const real *v, real *out,
                            int64_t n) {
    const int32_t *a = list + in.a;
    real *shares = out + in.times * n;
    for (int64_t j = 0; j < in.times; j++, out += n, a += in.n) {
        switch (in.op) {
        case DOT: dot_forward(v, a, list + in.b + j * in.n, out, in.n, n); break;
        case SUM: sum_forward(v, a, out, in.n, 1, n); break;
        case MEAN: mean_forward(v, a, out, in.n, n); break;
        case LOGSUMEXP: logsumexp_forward(v, a, out, shares + j * in.n * n, in.n, n); break;
        }
    }
}

static void several_backward(Instruction in, const int32_t *list, const real *v, real *d,
                             int64_t n) {
    const real *g = d + in.out * n, *shares = v + (in.out + in.times) * n;
    for (int64_t t = 0, j = 0; j < in.times; j++, g += n)
        for (int64_t i = 0; i < in.n; i++, t++) {
            const int64_t a = list[in.a + t] * n, b = in.op == DOT ? list[in.b + t] * n : 0;
            const real slope = in.op == MEAN ? (real)1 / in.n : 1;
            switch (in.op) {
            case DOT:
                for (int64_t l = 0; l < n; l++) d[a + l] += g[l] * v[b + l];
                for (int64_t l = 0; l < n; l++) d[b + l] += g[l] * v[a + l];
                break;
            case LOGSUMEXP:
                for (int64_t l = 0; l < n; l++) d[a + l] += g[l] * shares[t * n + l];
                break;
            default:
                for (int64_t l = 0; l < n; l++) d[a + l] += g[l] * slope;
            }
        }
}

/* The forward pass.  Returns whether the graph would refuse one of the examples. */

#define FORWARD1(NAME, ...) \
    case NAME: \
        for (int64_t j = 0; j < in.times; j++, out += n) { \
            const real *va = v + list[in.a + j] * n; \
            EACH_LANE(trouble |= NAME##_values(out + l, va + l, k, FEW), \
                      trouble |= NAME##_values(out + l, va + l, k, 1)) \
        } \
        break;
#define FORWARD2(NAME, ...) \
    case NAME: \
        for (int64_t j = 0; j < in.times; j++, out += n) { \
            const real *va = v + list[in.a + j] * n, *vb = v + list[in.b + j] * n; \
            EACH_LANE(trouble |= NAME##_values(out + l, va + l, vb + l, FEW), \
                      trouble |= NAME##_values(out + l, va + l, vb + l, 1)) \
        } \
        break;

INLINE int forward_lanes(const Program *p, const Block *block, const int64_t n) {
    int trouble = 0;
    const int32_t *list = p->lists;
    const real *v = block->v;
    for (int64_t step = 0; step < p->length; step++) {
        const Instruction in = p->code[step];
        const real k = in.op < ADD && in.b >= 0 ? *scalar(p, block, in.b) : 0;
        real *out = block->v + in.out * n;
        switch (in.op) {
            UNARY_OPERATIONS(FORWARD1)
            BINARY_OPERATIONS(FORWARD2)
        case BROADCAST:
            for (int64_t j = 0; j < in.times; j++) {
                const real x = *scalar(p, block, list[in.a + j]);
                for (int64_t l = 0; l < n; l++) out[j * n + l] = x;
            }
            break;
        case LAYER: layer_forward(p, block, in, n); break;
        default: several_forward(in, list, v, out, n);
        }
    }
    return trouble;
}

/* With a copy of the loops for the counts of lanes that large graphs have: knowing how far
   it is from slot to slot makes them up to twice as fast. */
static int forward(const Program *p, const Block *block, int64_t n) {
    if (n == 1) return forward_lanes(p, block, 1);
    return n == FEW ? forward_lanes(p, block, FEW) : forward_lanes(p, block, n);
}

/* The backward pass: the gradient of each operand grows by slope * the result's gradient.
   Quiet slots collect what nobody reads. */

#define BACKWARD1(NAME, ...) \
    case NAME: \
        for (int64_t j = 0; j < in.times; j++, out += n, g += n) { \
            const real *va = v + list[in.a + j] * n; \
            real *da = d + list[in.a + j] * n; \
            EACH_LANE(NAME##_slopes(da + l, va + l, out + l, g + l, k, FEW), \
                      NAME##_slopes(da + l, va + l, out + l, g + l, k, 1)) \
        } \
        break;
#define BACKWARD2(NAME, ...) \
    case NAME: \
        for (int64_t j = 0; j < in.times; j++, out += n, g += n) { \
            const real *va = v + list[in.a + j] * n, *vb = v + list[in.b + j] * n; \
            real *da = d + list[in.a + j] * n, *db = d + list[in.b + j] * n; \
            EACH_LANE(NAME##_slopes(da + l, db + l, va + l, vb + l, out + l, g + l, FEW), \
                      NAME##_slopes(da + l, db + l, va + l, vb + l, out + l, g + l, 1)) \
        } \
        break;

INLINE void backward_lanes(const Program *p, const Block *block, const int64_t n, int64_t quiet) {
    const int32_t *list = p->lists;
    const real *v = block->v;
    real *d = block->d;
    for (int64_t step = p->length - 1; step >= 0; step--) {
        const Instruction in = p->code[step];
        const real k = in.op < ADD && in.b >= 0 ? *scalar(p, block, in.b) : 0;
        const real *out = v + in.out * n, *g = d + in.out * n;
        switch (in.op) {
            UNARY_OPERATIONS(BACKWARD1)
            BINARY_OPERATIONS(BACKWARD2)
        case BROADCAST:
            for (int64_t j = 0; j < in.times; j++)
                if (list[in.a + j] < p->weights)
                    block->dw[list[in.a + j]] += lane_sum(g + j * n, (int)n);
            break;
        case LAYER: layer_backward(p, block, in, n, quiet); break;
        default: several_backward(in, list, v, d, n);
        }
    }
}

static void backward(const Program *p, const Block *block, int64_t n, int64_t quiet) {
    if (n == 1) backward_lanes(p, block, 1, quiet);
    else if (n == FEW) backward_lanes(p, block, FEW, quiet);
    else backward_lanes(p, block, n, quiet);
}

/* What Python calls.  First: is this tape safe to run?  Returns the number of the
   first instruction that is not, or -1; or the length, if something else is wrong. */

static int within(int64_t end, int64_t first, int64_t count) {
    return first >= 0 && count >= 1 && first + count <= end;
}

/* count entries of the lists, each a number from least to below end */
static int listed_within(const Program *p, int64_t first, int64_t count, int64_t least,
                         int64_t end) {
    if (!within(p->list_length, first, count)) return 0;
    for (int64_t i = first; i < first + count; i++)
        if (p->lists[i] < least || p->lists[i] >= end) return 0;
    return 1;
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
    if (in.op < LAYER ? in.n != 0 : in.n < 1) return 0; /* how many terms it has */
    const int64_t terms = in.op > LAYER ? (int64_t)in.times * in.n : in.times;
    const int64_t results = in.op == LOGSUMEXP ? in.times + terms : in.times;
    if (in.out < p->inputs || !within(p->slots, in.out, results)) return 0;
    if (in.op == LAYER)
        return within(in.out, in.a, in.n) && (in.a >= p->direct || in.a + in.n <= p->direct)
            && scalars_known(p, in.b, in.times, in.stride, in.n)
            && (in.bias < 0 || scalars_known(p, in.bias, in.times, in.stride, 1));
    if (in.op == BROADCAST)
        return listed_within(p, in.a, in.times, 0, p->weights + p->constant_count);
    if (!listed_within(p, in.a, terms, p->direct, in.out)) return 0;
    if (in.op == DOT || (in.op >= ADD && in.op <= POW))
        return listed_within(p, in.b, terms, p->direct, in.out);
    return in.b == -1 || (in.op < ADD && scalars_known(p, in.b, 1, 0, 1));
}

int64_t machine_check(const Program *p) {
    for (int64_t step = 0; step < p->length; step++)
        if (!instruction_is_safe(p, p->code[step])) return step;
    for (int64_t i = 0; i < p->output_count; i++)
        if (p->outputs[i] < p->direct || p->outputs[i] >= p->slots) return p->length;
    return -1;
}

/* How many examples a full block has.  Of a graph of many slots it has fewer: both passes go
   over all of them, and are three times faster when they stay in the cache. */
static int64_t full_block(const Program *p) {
    return p->slots > 4096 ? FEW : p->slots > 128 ? FULL : MANY;
}

/* At most, in the last block: a few examples alone take as long as many. */
int64_t machine_lanes(const Program *p) {
    const int64_t full = full_block(p);
    return full == FEW ? full : full + FEW;
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
    block.floats = block.d + lanes * p->slots;
    block.scratch = block.floats + lanes * p->inputs;
    return block;
}

/* Examples, [row][input]: reals or, where a real is a float, doubles. */
typedef struct {
    const void *numbers;
    int64_t floats, first; /* whether they are floats, and where to begin */
} Examples;

/* n examples; those inputs that are read in slots are brought there. */
static void load(const Program *p, Block *block, Examples given, int n) {
    const int64_t inputs = p->inputs, direct = p->direct, first = given.first;
    block->rows = (const real *)given.numbers + first * inputs;
    if (sizeof(real) < sizeof(double) && !given.floats) {
        const double *restrict doubles = (const double *)given.numbers + first * inputs;
        real *restrict floats = block->floats;
        for (int64_t i = 0; i < n * inputs; i++) floats[i] = (real)doubles[i];
        block->rows = floats;
    }
    transpose(block->v + direct * n, block->rows + direct, n, inputs - direct, inputs);
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

static int run(const Program *p, real *memory, Examples examples, int64_t count,
               const real *w, real *dw, real *values, real *input_gradients, double share) {
    const int64_t full = full_block(p), most = machine_lanes(p);
    const int64_t lanes = count < most ? count : most;
    const int64_t quiet = input_gradients ? 0 : p->quiet;
    Block block = block_in(p, memory, lanes, w, dw);
    const int64_t begin = examples.first;
    for (int64_t n, first = 0; first < count; first += n) {
        n = count - first <= most ? count - first : full;
        examples.first = begin + first;
        load(p, &block, examples, (int)n);
        if (forward(p, &block, n)) return 0;
        /* An inf among the direct inputs makes one in a slot: the sums of LAYERs are all
           that they are for. */
        if (sizeof(real) < sizeof(double)
            && !all_finite(block.v + p->direct * n, (p->slots - p->direct) * n)) return 0;
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

/* One argument, as each of a call into WebAssembly takes longer than a small graph. */
STRUCT(Run,
    const Program *program;
    real *memory;
    const void *examples;
    int64_t floats, count;
    const real *weights;
    real *sums, *values, *slopes; /* of the gradients those by the parameters, and by the inputs */
    double share;
);

int64_t machine_run(const Run *r) {
    const Program *p = r->program;
    const Examples examples = {r->examples, r->floats, 0};
    return run(p, r->memory, examples, r->count, r->weights, r->sums, r->values, r->slopes,
               r->share)
        && all_finite(r->values, r->count * p->output_count)
        && all_finite(r->sums, r->sums ? p->weights : 0)
        && all_finite(r->slopes, r->slopes ? r->count * p->inputs : 0);
}

/* Training.  columns: the parameters, then each column of the optimiser's memory; a
   step writes the next columns and then they change places, so that a step that the
   rule refuses has changed nothing.  Columns and steps change together here, where
   no Ctrl-C comes in between. */

STRUCT(Training,
    const Program *program, *rule;
    real *memory, *rule_memory;
    const void *examples;
    int64_t floats, count, batch_size, first_batch, last_batch;
    real *columns, *next, *gradients, *values;
    const real *numbers; /* the rule's arguments that change, [batch - first_batch][argument] */
    int64_t arguments;   /* how many of them there are */
    int64_t in_one_pass; /* the number of a rule of rules.h, or 0 for one that is a program */
    const real *constants; /* of the former: two kinds of weight decay, and its own */
    double loss;         /* the sum of the values of the examples done */
    int64_t steps;       /* how many the columns have behind them */
);

/* The rule as a program: its inputs are a parameter, its gradient and its memory, and its
   lanes are parameters instead of examples.  Returns whether it would refuse one. */
static int run_rule(Training *t, const real *numbers) {
    const Program *rule = t->rule;
    const int64_t weights = t->program->weights;
    const Block block = block_in(rule, t->rule_memory, RULE_LANES, numbers, NULL);
    for (int64_t first = 0; first < weights; first += RULE_LANES) {
        const int n = (int)(weights - first < RULE_LANES ? weights - first : RULE_LANES);
        for (int64_t i = 0; i < rule->inputs; i++) {
            const real *column = i == 1 ? t->gradients : t->columns + (i ? i - 1 : 0) * weights;
            memcpy(block.v + i * n, column + first, sizeof(real) * (size_t)n);
        }
        if (forward(rule, &block, n)) return 1;
        for (int64_t i = 0; i < rule->output_count; i++)
            memcpy(t->next + i * weights + first, block.v + (int64_t)rule->outputs[i] * n,
                   sizeof(real) * (size_t)n);
    }
    return 0;
}

static int apply_rule(Training *t, const real *numbers) {
    const real *c = t->constants;
    if (t->in_one_pass ? one_pass(t->in_one_pass, t->program->weights, t->columns, t->gradients,
                                  numbers, c + 2, c[0], c[1], t->next)
                       : run_rule(t, numbers)) return 0;
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
        const Examples examples = {t->examples, t->floats, first};
        if (!run(p, t->memory, examples, size, t->columns, t->gradients, t->values, NULL,
                 1.0 / (double)size)
            || !apply_rule(t, t->numbers + (batch - t->first_batch) * t->arguments))
            return batch;
        for (int64_t i = 0; i < size; i++) t->loss += t->values[i * p->output_count];
    }
    return t->last_batch;
}
