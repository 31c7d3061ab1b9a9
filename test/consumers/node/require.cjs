const { CsrMatrix, initSync } = require('ctre');
const { CsrMatrix: CsrMatrixOfKernels } = require('ctre/kernels');
const { trainAndPredict } = require('../program.js');

initSync();
if (CsrMatrix !== CsrMatrixOfKernels) throw new Error('ctre and ctre/kernels have a CsrMatrix each');
trainAndPredict().then((outcome) => console.log(JSON.stringify(outcome)));
