const { CsrMatrix, initSync } = require('ctre');
const { CsrMatrix: CsrMatrixOfKernels } = require('ctre/kernels');
const { consume } = require('../program.js');

initSync();
if (CsrMatrix !== CsrMatrixOfKernels) throw new Error('ctre and ctre/kernels have a CsrMatrix each');
consume().then((outcome) => console.log(JSON.stringify(outcome)));
