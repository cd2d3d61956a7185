import js from '@eslint/js';
import tseslint from 'typescript-eslint';

const nodeInWorkflows = {
  patterns: [
    { group: ['node:*', 'pg', 'express', 'nodemailer', 'undici'], message: 'Workflow and domain code does no I/O.' },
  ],
};

export default tseslint.config(
  { ignores: ['dist', 'coverage', 'node_modules', 'bench/results', '.miaofa*'] },
  js.configs.recommended,
  {
    files: ['**/*.{ts,tsx}'],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Named exports only: a grep finds them.' },
      ],
      eqeqeq: 'error',
    },
  },
  {
    files: ['workflows/**/*.ts', 'domain/**/*.ts'],
    rules: {
      'no-restricted-imports': ['error', nodeInWorkflows],
      'no-restricted-globals': ['error', 'process', 'fetch', 'setInterval', 'Buffer'],
      // A dynamic import() builds and then kills the worker inside the sandbox.
      'no-restricted-syntax': [
        'error',
        'ImportExpression',
        { selector: 'ExportDefaultDeclaration', message: 'Named exports only: a grep finds them.' },
      ],
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unused-expressions': 'off',
    },
  },
  {
    files: ['**/*.{js,mjs,cjs}'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        module: 'writable',
        URL: 'readonly',
        setTimeout: 'readonly',
        document: 'readonly',
        location: 'readonly',
        fetch: 'readonly',
        navigator: 'readonly',
        history: 'readonly',
        sessionStorage: 'readonly',
        window: 'readonly',
        Blob: 'readonly',
        clearTimeout: 'readonly',
      },
    },
  },
);
