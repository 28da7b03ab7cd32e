/* The rules of micronn/optim.py that most trainings use, in one pass over all parameters;
   included by machine.c.  Any other rule is a tape.

   These do what the tape of the rule does, in the same order: all bits agree. */

#define ALL_RULES(RULE) RULE(NONE) RULE(SGD) RULE(MOMENTUM) RULE(ADAM)
#define RULE_NUMBERED(NAME) NAME##_RULE,
enum { ALL_RULES(RULE_NUMBERED) };

typedef struct { real p, m, v; int refused; } Moved; /* a parameter, and what is remembered of it */

/* a: lr, and for Adam the corrections.  c: the rule's constants. */

INLINE Moved sgd(Moved old, real g, const real *a, IF_READ const real *c) {
    return (Moved){.p = old.p - a[0] * g};
}

INLINE Moved momentum(Moved old, real g, const real *a, const real *c) {
    const real velocity = c[0] * old.m + g;
    return (Moved){.p = old.p - a[0] * velocity, .m = velocity};
}

INLINE Moved adam(Moved old, real g, const real *a, const real *c) {
    const real m = c[0] * old.m + c[1] * g, v = c[2] * old.v + c[3] * g * g;
    const real square = v / a[2], size = sqrt(square) + c[4];
    return (Moved){old.p - a[0] * (m / a[1]) / size, m, v, square < 0 || size == 0};
}

#define EACH_PARAMETER(rule, columns, gradient) \
    for (int64_t i = 0; i < n; i++) { \
        const real m = columns > 1 ? p[n + i] : 0, v = columns > 2 ? p[2 * n + i] : 0; \
        const Moved moved = rule((Moved){p[i] * kept, m, v, 0}, gradient, a, c); \
        next[i] = moved.p; \
        if (columns > 1) next[n + i] = moved.m; \
        if (columns > 2) next[2 * n + i] = moved.v; \
        refused |= moved.refused; \
    }
#define ONE_RULE(rule, columns) \
    if (pull != 0) EACH_PARAMETER(rule, columns, g[i] + pull * p[i]) \
    else EACH_PARAMETER(rule, columns, g[i]) \
    break;

/* p: n parameters and, in the columns behind them, what is remembered of each; next: the
   same after the step.  pull, decay: weight decay by the gradient or, as AdamW's, apart.

   Returns whether the rule would refuse one of the parameters. */
static int one_pass(int64_t rule, int64_t n, const real *restrict p, const real *restrict g,
                    const real *restrict a, const real *restrict c, real pull, real decay,
                    real *restrict next) {
    const real kept = decay != 0 ? 1 - a[0] * decay : 1;
    int refused = rule == ADAM_RULE && (a[1] == 0 || a[2] == 0);
    switch (rule) {
    case SGD_RULE: ONE_RULE(sgd, 1)
    case MOMENTUM_RULE: ONE_RULE(momentum, 2)
    case ADAM_RULE: ONE_RULE(adam, 3)
    }
    return refused;
}
