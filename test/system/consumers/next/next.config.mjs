const headers = [
  { key: 'Cross-Origin-Opener-Policy', value: 'same-origin' },
  { key: 'Cross-Origin-Embedder-Policy', value: 'require-corp' },
];

export default {
  // Node loads the package itself: a copy of a worker's file in a bundle would not find what it imports.
  serverExternalPackages: ['ctre'],
  headers: async () => [{ source: '/:path*', headers }],
};
