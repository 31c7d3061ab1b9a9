// A program. It exports nothing.
export {};
