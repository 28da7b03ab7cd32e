/* A dense layer, included by machine.c: weighted sums of one row of slots, whose weights lie
   evenly spaced.  Or of inputs as they came, as to bring many of them to slots takes as long
   as to weigh them. */

static void layer_forward(const Program *p, const Block *k, Instruction in, int n) {
    const int direct = in.a + in.n <= p->direct;
    real *out = k->v + (int64_t)in.out * n;
    const real *w = scalar(p, k, in.b), *x = direct ? k->rows + in.a : k->v + (int64_t)in.a * n;
    const Products sums = {out, w, x, n, in.stride, 1, direct ? p->inputs : n, 0,
                           in.times, in.n, n};
    for (int j = 0; j < in.times; j++) {
        real start = in.bias < 0 ? 0 : *scalar(p, k, in.bias + (int64_t)j * in.stride);
        for (int l = 0; l < n; l++) out[j * n + l] = start;
    }
    if (direct || n == 1) add_dots(sums);
    else add_products(sums);
}

static void layer_backward(const Program *p, const Block *k, Instruction in, int n, int64_t quiet) {
    const real *w = scalar(p, k, in.b), *x = k->v + (int64_t)in.a * n;
    const real *g = k->d + (int64_t)in.out * n;
    if (in.b < p->weights) { /* d/dw[j][i] = x[i], added up over the lanes */
        Products sums = {k->dw + in.b, g, x, in.stride, n, 1, n, 0, in.times, n, in.n};
        /* Too few for a vector, so of lanes instead.  Short vectors are added up in less
           time than rows are turned round. */
        if ((in.n < 8 || SIDE <= 4) && in.a >= p->direct) {
            add_dots(sums);
        } else {
            const int as_they_came = in.a + in.n <= p->inputs;
            if (!as_they_came) transpose(k->scratch, x, in.n, n, n);
            sums.rows = as_they_came ? k->rows + in.a : k->scratch;
            sums.row_step = as_they_came ? p->inputs : in.n;
            sums.ahead = as_they_came && k->rows != k->floats ? n * p->inputs : 0;
            add_products(sums);
        }
    }
    if (in.bias >= 0 && in.bias < p->weights)
        for (int j = 0; j < in.times; j++)
            k->dw[in.bias + (int64_t)j * in.stride] += lane_sum(g + j * n, n);
    if (in.a + in.n <= quiet) return;
    real *dx = k->d + (int64_t)in.a * n; /* d/dx[i] = w[j][i], added up over the results */
    add_products(n == 1 ? (Products){dx, g, w, 0, 0, 1, in.stride, 0, 1, in.times, in.n}
                        : (Products){dx, w, g, n, 1, in.stride, n, 0, in.n, in.times, n});
}
