// Scripts of the pages: `make lint-js`, which needs node; `make test` does not. Every rule is named here, so that nothing
// but the linter itself is fetched.
const page = [
  "addEventListener", "document", "Event", "getComputedStyle", "innerWidth", "IntersectionObserver", "localStorage",
  "location", "matchMedia", "requestAnimationFrame", "ResizeObserver",
];
const others = ["Plotly", "Shared"];  // scripts that a page loads before

const wrong = [
  "array-callback-return", "for-direction", "getter-return", "no-async-promise-executor", "no-class-assign",
  "no-compare-neg-zero", "no-cond-assign", "no-const-assign", "no-constant-binary-expression", "no-constant-condition",
  "no-control-regex", "no-debugger", "no-delete-var", "no-dupe-args", "no-dupe-class-members", "no-dupe-else-if",
  "no-dupe-keys", "no-duplicate-case", "no-empty", "no-empty-pattern", "no-ex-assign", "no-fallthrough",
  "no-func-assign", "no-global-assign", "no-inner-declarations", "no-invalid-regexp", "no-irregular-whitespace",
  "no-loss-of-precision", "no-obj-calls", "no-promise-executor-return", "no-prototype-builtins", "no-regex-spaces",
  "no-self-assign", "no-self-compare", "no-setter-return", "no-shadow", "no-shadow-restricted-names",
  "no-sparse-arrays", "no-template-curly-in-string", "no-undef", "no-unexpected-multiline",
  "no-unmodified-loop-condition", "no-unreachable", "no-unreachable-loop", "no-unsafe-finally", "no-unsafe-negation",
  "no-unsafe-optional-chaining", "no-unused-expressions", "no-unused-labels", "no-useless-assignment",
  "no-useless-backreference", "no-useless-catch", "no-useless-escape", "no-with", "use-isnan", "valid-typeof",
];
const refused = [  // by the pages' Content-Security-Policy, or by who reads them
  "no-alert", "no-console", "no-eval", "no-implied-eval", "no-new-func", "no-script-url",
];
const style = [
  "eqeqeq", "no-else-return", "no-lonely-if", "no-unneeded-ternary", "no-useless-concat", "no-useless-rename",
  "no-useless-return", "no-var", "object-shorthand", "prefer-arrow-callback", "prefer-const", "prefer-rest-params",
  "prefer-spread", "prefer-template",
];

export default [
  {
    files: ["positioning/reporting/**/*.js"],
    languageOptions: {
      ecmaVersion: 2022,
      sourceType: "script",
      globals: Object.fromEntries([...page, ...others].map((name) => [name, "readonly"])),
    },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      ...Object.fromEntries([...wrong, ...refused, ...style].map((rule) => [rule, "error"])),
      "no-redeclare": ["error", { builtinGlobals: false }],  // charts.js is where Shared comes from
      "no-unused-vars": ["error", { vars: "local" }],
      "no-use-before-define": ["error", { variables: false }],  // in what is called later
      strict: ["error", "global"],
    },
  },
];
