/* global unpacked, Trainer */
/* exported Learner, Futures */
// A model that learns in the page, and the states it has been in.  Every number comes from the
// machine: the loss and its gradient, the answers, and the step of the optimiser.
//
// A state is {step, columns, settings, note}: how many steps were taken; the parameters and
// what the optimiser remembers of them; the learning rate and the frozen neurons with which
// it was reached; and what the reader has changed there, or "".

class Learner {
  constructor(machine, data) {
    for (const name of ["loss", "answers", "rule", "arguments"]) this[name] = machine.program(data[name]);
    Object.assign(this, {data, rows: unpacked(data.rows), count: data.count});
    this.weights = this.loss.weights;
    this.states = data.states.map(({step, columns}) => ({
      step, columns: unpacked(columns), settings: {lr: data.lr, frozen: []}, note: ""
    }));
    this.trainer = new Trainer(this.loss, this.rule, {
      rows: this.rows, count: this.count, batchSize: data.batch,
      columns: this.states[0].columns, steps: this.states[0].step
    });
  }

  parameters(state) {
    return state.columns.slice(0, this.weights);
  }
  row(k) {
    const width = this.loss.inputs;
    return k < 0 ? unpacked(this.data.chosen) : this.rows.slice(k * width, (k + 1) * width);
  }

  // The gradient of the mean loss over all examples by every parameter; null where an operation
  // refuses a number.  The state gets that loss, and the root mean square in each layer.
  measure(state) {
    const {count} = this, options = {count, share: 1 / count, ofInputs: false};
    const {values, sums} = this.loss.run(this.rows, this.parameters(state), options);
    state.loss = values ? values.reduce((sum, x) => sum + x, 0) / count : NaN;
    state.sizes = this.data.layers.map(neurons => {
      const own = sums ? neurons.flatMap(({w, b}) => [...w, b]).map(k => sums[k]) : [NaN];
      return Math.hypot(...own) / Math.sqrt(own.length);
    });
    return sums;
  }

  // The values and gradients of every unit of the network for one example; null where the
  // graph refuses it.
  example(state, row) {
    if (this.loss.run(row, this.parameters(state)).refused) return null;
    const {values, slopes} = this.loss.slots();
    const read = numbers => this.data.units.map(column => column.map(slot => numbers[slot]));
    return {data: read(values), grad: read(slopes)};
  }

  // What the model says at many places, one row after the other; null where it is refused.
  answer(state, rows, count) {
    return this.answers.run(rows, this.parameters(state), {count, share: null}).values;
  }

  // The indices of the parameters that do not move.
  fixed(frozen) {
    const own = frozen.map(([layer, neuron]) => this.data.layers[layer][neuron]);
    return this.data.fixed.concat(...own.map(({w, b}) => [...w, b]));
  }

  // The state after one more step, on the next batch; null if the loss, its gradient or a
  // parameter is no finite number then.
  after(state, settings) {
    const {trainer, weights} = this, batch = state.step % trainer.batches;
    trainer.go(state.columns, state.step);
    const numbers = this.arguments.run(Float64Array.of(state.step), new Float64Array(0), {share: null}).values;
    numbers[this.data.rule.lr] = settings.lr;
    const {done, loss} = trainer.train(batch, batch + 1, numbers), columns = trainer.columns();
    for (const k of this.fixed(settings.frozen)) {
      for (let at = k; at < columns.length; at += weights) columns[at] = state.columns[at];
    }
    const finite = [[loss], trainer.gradients(), columns].every(all => all.every(Number.isFinite));
    return done > batch && finite ? {step: state.step + 1, columns, settings, note: ""} : null;
  }

  // The state with another number in one parameter.
  changed(state, k, number, note) {
    const columns = state.columns.slice();
    columns[k] = number;
    return {...state, columns, note, loss: undefined};
  }
}

const MOST_DOUBLES = 4e6;  // of the states of one future: 32 MB

// The futures of a training: lists of states that begin alike.
class Futures {
  constructor(states) {
    this.lines = [states];
    this.current = 0;
    this.recorded = states.length;
  }
  get line() {
    return this.lines[this.current];
  }
  // The first state in which a future differs from the current one.
  parting(line) {
    return line.findIndex((state, k) => state !== this.line[k]);
  }
  // Adds what follows state k; returns its index.  Where something followed already, that
  // stays as another future.
  add(k, state) {
    if (k < this.line.length - 1) {
      this.lines.push(this.line.slice(0, k + 1));
      this.current = this.lines.length - 1;
    }
    this.line.push(state);
    if (this.line.length * state.columns.length > MOST_DOUBLES) this.thin();
    return this.line.length - 1;
  }
  // Forgets every second state, but for those that Python recorded and those with a note.
  thin() {
    const {line, recorded} = this, last = line.length - 1;
    const keep = (state, k) => k < recorded || k % 2 === 0 || k === last || state.note;
    this.lines[this.current] = line.filter(keep);
  }
}
