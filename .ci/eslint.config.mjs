// How the scripts of the pages are checked, with rules for likely bugs alone:
//     npx --yes eslint@9 --config .ci/eslint.config.mjs micronn
// Each names in its first line what it takes from the scripts before it.

const browser = [
  "Blob", "DOMParser", "DecompressionStream", "MouseEvent", "Response", "WebAssembly",
  "addEventListener", "atob", "clearInterval", "document", "history", "location", "setInterval",
];

export default [{
  files: ["**/*.js"],
  languageOptions: {
    ecmaVersion: 2023,
    sourceType: "script",
    globals: Object.fromEntries(browser.map(name => [name, "readonly"])),
  },
  rules: Object.fromEntries([
    "array-callback-return", "consistent-return", "eqeqeq", "no-cond-assign", "no-dupe-keys",
    "no-eval", "no-fallthrough", "no-global-assign", "no-self-compare",
    "no-shadow", "no-undef", "no-unreachable", "no-useless-escape", "no-var",
    "prefer-const", "use-isnan", "valid-typeof",
  ].map(rule => [rule, "error"]).concat([["no-unused-vars", ["error", {vars: "local"}]]])),
}];
