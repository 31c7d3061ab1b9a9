export function isBuilt(target: 'kernels' | 'package'): boolean;
export function ensureBuilt(target: 'kernels' | 'package'): void;
