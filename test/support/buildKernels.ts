// Before tests of src/: the kernels are what assembly/ compiles to.
import { ensureBuilt } from '../../scripts/test-build.mjs';

export default () => ensureBuilt('kernels');
