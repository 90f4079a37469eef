import js from '@eslint/js';
import vue from 'eslint-plugin-vue';
import globals from 'globals';

export default [
  {
    ignores: [
      'node_modules/',
      '.venv/',
      'harper-local/',
      'artifacts/',
      'test-results/',
      'custom_functions/recommender/dist/',
      'custom_functions/recommender/web/',
    ],
  },
  js.configs.recommended,
  {
    languageOptions: { ecmaVersion: 2023, sourceType: 'module', globals: globals.node },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      complexity: ['error', 10],
      eqeqeq: 'error',
      'max-lines': ['error', { max: 250, skipBlankLines: true, skipComments: true }],
      'no-console': 'error',
      'no-eval': 'error',
      'no-implied-eval': 'error',
      'no-new-func': 'error',
      'no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'no-var': 'error',
      'object-shorthand': 'error',
      'prefer-const': 'error',
    },
  },
  {
    files: ['custom_functions/recommender/routes/**/*.js'],
    // The route is built as CommonJS and runs where HarperDB has put its tables.
    languageOptions: { globals: { __dirname: 'readonly', databases: 'readonly' } },
  },
  {
    files: ['scripts/**', 'tests/bench/**'],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['custom_functions/**/*.{js,vue}'],
    rules: {
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    // One file mirrors one module, however much there is to say of it.
    files: ['tests/**'],
    rules: { 'max-lines': 'off' },
  },
  ...vue.configs['flat/recommended'].map((config) => ({
    ...config,
    files: ['custom_functions/recommender/ui/**/*.{js,vue}'],
  })),
  {
    files: ['custom_functions/recommender/ui/**/*.{js,vue}', 'tests/browser/**'],
    languageOptions: { globals: { ...globals.browser } },
  },
  {
    files: ['custom_functions/recommender/ui/**/*.vue'],
    // Prettier has the last word on how a template looks.
    rules: {
      'vue/html-self-closing': 'off',
      'vue/max-attributes-per-line': 'off',
      'vue/singleline-html-element-content-newline': 'off',
      'vue/html-indent': 'off',
      'vue/html-closing-bracket-newline': 'off',
    },
  },
];
