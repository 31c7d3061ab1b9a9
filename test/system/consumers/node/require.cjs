const { CsrMatrix, CtreError, initSync } = require('ctre');
const { CsrMatrix: CsrMatrixOfKernels } = require('ctre/kernels');
const { CtreError: CtreErrorOfMethods } = require('ctre/topology');
const { consume } = require('../program.js');

initSync();
if (CsrMatrix !== CsrMatrixOfKernels) throw new Error('ctre and ctre/kernels have a CsrMatrix each');
if (CtreError !== CtreErrorOfMethods) throw new Error('ctre and ctre/topology have a CtreError each');
consume().then((outcome) => console.log(JSON.stringify(outcome)));
