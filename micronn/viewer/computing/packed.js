/* exported unpacked, inflated */
// What comes with a page as text: bytes in base64, numbers in all their bits, and what Python
// has compressed.

function bytesOf(text) {
  return Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
}
function unpacked(text) {
  return new Float64Array(bytesOf(text).buffer);
}
function inflated(text, format = "gzip") {
  return new Response(new Blob([bytesOf(text)]).stream().pipeThrough(new DecompressionStream(format)));
}
