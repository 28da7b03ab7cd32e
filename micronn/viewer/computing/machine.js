/* global inflated, unpacked */
// The machine in a page: the same WebAssembly that Python runs where there is no compiler,
// with the same calls on the same memory (compiler/library.py, machine.py), so that both
// give the same bits.  It comes as text with the page; nothing is fetched, nothing evaluated.
//
//   const machine = await loadMachine(data.machine);    // a text of tapes.py
//   const program = machine.program(data.tape);         // checked; throws for a damaged one
//   program.run(Float64Array.of(x), Float64Array.of(w)) // {values, slopes, sums}, see there
//
// Numbers that JSON does not know, and all others in full, come by unpacked(text).

async function loadMachine(text) {
  const module = await inflated(text).arrayBuffer();
  return new Machine((await WebAssembly.instantiate(module, {})).instance.exports);
}

const KINDS = {int32_t: [4, "Int32"], int64_t: [8, "BigInt64"], double: [8, "Float64"], pointer: [4, "Uint32"]};

// Where the fields of a struct lie, from its text in C:  int64_t length, slots; const real *v;
function layout(text) {
  const fields = {};
  let end = 0;
  for (const line of text.split(";").slice(0, -1)) {
    const [, kind, names] = /^ *(?:const )?(\w+) (.*)$/.exec(line);
    for (const name of names.split(",")) {
      const [size, type] = KINDS[name.includes("*") ? "pointer" : kind];
      const place = Math.ceil(end / size) * size;
      fields[name.replace(/[ *]/g, "")] = {place, type};
      end = place + size;
    }
  }
  return {fields, size: Math.ceil(end / 8) * 8};
}

class Machine {
  constructor(exports) {
    this.exports = exports;
    exports._initialize();
    this.operations = new Map(this.text("machine_operations").split(" ").map((name, k) => [name, k]));
    this.sizes = new Struct(this, "Sizes", exports.machine_sizes.value);
    if (this.sizes.get("bytes_of_real") !== 8) throw new Error("the machine of a page has doubles");
  }
  program(tape) {
    return new Program(this, tape);
  }

  // Memory.  It moves when it grows, so a view of it is good until the next room() only.

  text(name) {
    const bytes = new Uint8Array(this.exports.memory.buffer, this.exports[name].value);
    return String.fromCharCode(...bytes.subarray(0, bytes.indexOf(0)));
  }
  room(bytes) {
    const address = this.exports.malloc(bytes + 64);
    if (!address) throw new Error(`the machine has no room for ${bytes} more bytes`);
    return address;
  }
  doubles(address, count) {
    return new Float64Array(this.exports.memory.buffer, address, count);
  }
  put(array) {
    const address = this.room(array.byteLength);
    new array.constructor(this.exports.memory.buffer, address, array.length).set(array);
    return address;
  }
}

// A struct of C in the machine's memory; a field that C does not have is refused.
class Struct {
  constructor(machine, name, address = 0) {
    const {fields, size} = layout(machine.text(`${name}_text`));
    Object.assign(this, {machine, name, fields, address: address || machine.put(new Uint8Array(size))});
  }
  view(field) {
    if (!this.fields[field]) throw new Error(`the machine's ${this.name} has no ${field}`);
    const {place, type} = this.fields[field];
    return [new DataView(this.machine.exports.memory.buffer), this.address + place, type];
  }
  get(field) {
    const [view, place, type] = this.view(field);
    return Number(view[`get${type}`](place, true));
  }
  set(values) {
    for (const [field, value] of Object.entries(values)) {
      const [view, place, type] = this.view(field);
      view[`set${type}`](place, type === "BigInt64" ? BigInt(value) : value, true);
    }
  }
}

// A NaN that no operation makes: where it still stands, the machine has written nothing.
const UNWRITTEN = 0x7ff8_6d69_6372_6f6en;

// A tape, checked, and the memory to run it.
class Program {
  constructor(machine, tape) {
    const {inputs, weights, slots, quiet, direct, instructions, lists, outputs} = tape;
    const constants = unpacked(tape.constants), struct = new Struct(machine, "Program");
    Object.assign(this, {machine, struct, inputs, weights, outputs, rooms: new Map()});
    const sizes = [direct, inputs, weights, slots, quiet], most = machine.sizes.get("most_slots");
    if (!sizes.every(n => Number.isInteger(n) && n >= 0 && n <= most) ||
        direct > inputs || inputs > slots || quiet > slots || !outputs.length) {
      throw new Error(`direct, inputs, weights, slots, quiet = ${sizes} fit no tape`);
    }
    const code = instructions.flatMap(([op, ...numbers]) => [machine.operations.get(op) ?? -1, ...numbers]);
    const step = Object.keys(layout(machine.text("Instruction_text")).fields).length;
    if (code.length !== step * instructions.length) throw new Error(`an instruction has ${step} numbers`);
    struct.set({
      code: machine.put(Int32Array.from(code)), lists: machine.put(Int32Array.from(lists)),
      constants: machine.put(constants), outputs: machine.put(Int32Array.from(outputs)),
      length: instructions.length, list_length: lists.length, slots, inputs, weights,
      constant_count: constants.length, output_count: outputs.length, quiet, direct
    });
    const bad = Number(machine.exports.machine_check(struct.address));
    if (bad >= 0) throw new Error(`instruction ${bad} of a tape reaches outside its arrays`);
    this.realsOfLane = Number(machine.exports.machine_memory(struct.address));
    this.call = new Struct(machine, "Run");
    this.lanes = Number(machine.exports.machine_lanes(struct.address));
  }

  // The address of a room of this program; what was in it before may be gone.
  room(name, bytes) {
    const known = this.rooms.get(name);
    if (known?.bytes >= bytes) return known.address;
    if (known) this.machine.exports.free(known.address);
    const address = this.machine.room(bytes);
    this.rooms.set(name, {bytes, address});
    return address;
  }
  scratch(lanes) {
    return this.room("scratch", 8 * lanes * this.realsOfLane);
  }

  // The results of examples, and the gradients where there is one result.
  //
  // rows: Float64Array, the inputs of one example after the other.  weights: Float64Array.
  // count: of the examples.  share: what gradients are multiplied by; null for no gradients.
  // ofInputs: whether those of the inputs are wanted.
  //
  // Returns values [example][output], slopes [example][input] or null, and sums, the
  // parameters' gradients added up, or null.  refused: an operation would refuse a number,
  // as Python's would, and the other three are null.  finite: whether all of them are.
  run(rows, weights, {count = 1, share = 1, ofInputs = true} = {}) {
    const {machine, inputs, outputs} = this, size = count * outputs.length;
    expect("examples", rows, count * inputs);
    expect("weights", weights, this.weights);
    if (share !== null && outputs.length > 1) throw new Error("gradients of one result, not of several");
    const scratch = this.scratch(Math.min(count, this.lanes));
    const [given, read, values, slopes, sums] = [
      ["rows", rows.length], ["weights", weights.length], ["values", size],
      ["slopes", ofInputs && share !== null ? rows.length : -1],
      ["sums", share === null ? -1 : weights.length]
    ].map(([name, length]) => length < 0 ? 0 : this.room(name, 8 * length));
    machine.doubles(given, rows.length).set(rows);
    machine.doubles(read, weights.length).set(weights);
    if (sums) machine.doubles(sums, weights.length).fill(0);
    const last = new BigUint64Array(machine.exports.memory.buffer, values + 8 * (size - 1), 1);
    last[0] = UNWRITTEN;
    this.call.set({
      program: this.struct.address, memory: scratch, examples: given, count, weights: read,
      sums, values, slopes, share: share ?? 0
    });
    const finite = machine.exports.machine_run(this.call.address);
    if (last[0] === UNWRITTEN) {
      return {values: null, slopes: null, sums: null, refused: true, finite: false};
    }
    return {
      values: machine.doubles(values, size).slice(),
      slopes: slopes ? machine.doubles(slopes, rows.length).slice() : null,
      sums: sums ? machine.doubles(sums, weights.length).slice() : null,
      refused: false, finite: finite === 1n
    };
  }

  // What the last run left in every slot, if it was of one example with all gradients.
  slots() {
    const count = this.struct.get("slots"), values = this.scratch(1);
    return {
      values: this.machine.doubles(values, count).slice(),
      slopes: this.machine.doubles(values + 8 * count, count).slice()
    };
  }
}

function expect(name, numbers, count) {
  if (!(numbers instanceof Float64Array) || numbers.length !== count) {
    throw new Error(`${name}: expected ${count} doubles, got ${numbers?.length}`);
  }
}

// A program, the program of an optimiser's rule, and what both work on.
//
// rows, count: the examples, in the order of the batches.
// columns: Float64Array, the parameters and then each number that the rule remembers of them.
// steps: how many steps these have behind them.
class Trainer {
  constructor(program, rule, {rows, count, batchSize, columns, steps}) {
    const {machine, inputs, weights, outputs} = program;
    if (rule.inputs !== rule.outputs.length + 1) throw new Error("this tape is no optimiser's rule");
    expect("examples", rows, count * inputs);
    Object.assign(this, {machine, program, rule, count, length: weights * rule.outputs.length});
    this.batches = Math.ceil(count / batchSize);
    this.struct = new Struct(machine, "Training");
    this.examples = machine.put(rows);
    this.buffers = [0, 0].map(() => machine.room(8 * this.length));
    this.struct.set({
      program: program.struct.address, rule: rule.struct.address,
      memory: program.scratch(program.lanes),
      rule_memory: rule.scratch(machine.sizes.get("rule_lanes")),
      examples: this.examples, count, batch_size: batchSize, arguments: rule.weights,
      gradients: machine.put(new Float64Array(weights)),
      values: machine.put(new Float64Array(batchSize * outputs.length))
    });
    this.go(columns, steps);
  }

  get steps() {
    return this.struct.get("steps");
  }
  columns() {
    return this.machine.doubles(this.struct.get("columns"), this.length).slice();
  }
  // The gradient of the last batch.
  gradients() {
    return this.machine.doubles(this.struct.get("gradients"), this.program.weights).slice();
  }

  // Go on from other numbers.
  go(columns, steps) {
    expect("columns", columns, this.length);
    this.struct.set({columns: this.buffers[0], next: this.buffers[1], steps});
    this.machine.doubles(this.buffers[0], this.length).set(columns);
  }
  // Take the examples in another order.
  reorder(rows) {
    expect("examples", rows, this.count * this.program.inputs);
    this.machine.doubles(this.examples, rows.length).set(rows);
  }

  // Do the batches from first up to last.  numbers: those arguments of the rule that change,
  // as many for each batch as it has weights.  Returns how far it came, which is less than
  // last where the graph or the rule refuses, and the sum of the losses of these examples.
  train(first, last, numbers) {
    expect("numbers", numbers, (last - first) * this.rule.weights);
    if (!(0 <= first && first <= last && last <= this.batches)) throw new Error(`no batches ${first} to ${last}`);
    const table = this.rule.room("numbers", 8 * numbers.length);
    this.machine.doubles(table, numbers.length).set(numbers);
    this.struct.set({first_batch: first, last_batch: last, numbers: table, loss: 0});
    const done = Number(this.machine.exports.machine_train(this.struct.address));
    return {done, loss: this.struct.get("loss")};
  }
}
