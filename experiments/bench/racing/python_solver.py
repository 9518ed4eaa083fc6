"""A process that solves with one Python solver: `python -m racing.python_solver NAME FOLDER COEFFICIENTS`.

Reads JSON lines {"lambdas": [...], "keep": K, "setting": {"precision", "tolerance", ...}} and answers each with `ok SECONDS` or
`failed REASON`; the coefficients of the last K lambdas go to the file COEFFICIENTS as float64. `hello` answers with what BLAS runs.
"""
import json
import os
import sys
import time
import warnings

import numpy as np
import scipy.sparse

from .fista import fista

FOREVER = 10**8  # iterations: a run is ended by its tolerance or by the cap on its time


class Scikit:
    """coordinate descent; `selection` says in which order"""
    variants = [{"selection": "cyclic"}, {"selection": "random"}]

    def fit(self, matrix, target, alpha, tolerance, selection):
        from sklearn.linear_model import Lasso
        model = Lasso(alpha, fit_intercept=False, precompute=False, copy_X=False, max_iter=FOREVER, tol=tolerance, selection=selection,
                      random_state=0)
        return model.fit(matrix, target).coef_

    def path(self, matrix, target, alphas, tolerance, selection):
        from sklearn.linear_model import lasso_path
        return lasso_path(matrix, target, alphas=alphas, precompute=False, copy_X=False, max_iter=FOREVER, tol=tolerance,
                          selection=selection, random_state=0)[1]


class Celer:
    """working sets chosen by the dual, extrapolated; `p0` is the size of the first, `prune` lets them shrink"""
    variants = [{"p0": p0, "prune": prune} for p0 in (10, 100) for prune in (1, 0)]

    def path(self, matrix, target, alphas, tolerance, p0, prune):
        from celer import celer_path
        return celer_path(matrix, target, pb="lasso", alphas=alphas, max_iter=10_000, max_epochs=10**6, p0=p0, prune=prune, tol=tolerance)[1]

    def fit(self, matrix, target, alpha, tolerance, p0, prune):
        return self.path(matrix, target, np.array([alpha]), tolerance, p0, prune)[:, 0]


class Skglm:
    """working sets with Anderson acceleration; `p0` is the size of the first, `ws_strategy` scores what comes into them"""
    variants = [{"p0": p0, "ws_strategy": score} for p0 in (10, 100) for score in ("subdiff", "fixpoint")]

    def model(self, alpha, tolerance, **variant):
        from skglm import Lasso
        return Lasso(alpha, fit_intercept=False, max_iter=10_000, max_epochs=10**6, tol=tolerance, **variant)

    def fit(self, matrix, target, alpha, tolerance, **variant):
        return self.model(alpha, tolerance, **variant).fit(matrix, target).coef_

    def path(self, matrix, target, alphas, tolerance, **variant):
        return self.model(1.0, tolerance, **variant).path(matrix, target, alphas)[1]


class Fista:
    """tolerance is the relative gap itself"""
    variants = [{}]

    def fit(self, matrix, target, alpha, tolerance):
        return fista(matrix, target, alpha * len(target), tolerance)


SOLVERS = {"scikit-learn": Scikit, "celer": Celer, "skglm": Skglm, "FISTA": Fista}


def read(folder):
    target = np.load(f"{folder}/target.npy")
    if not os.path.exists(f"{folder}/shape"):
        return np.load(f"{folder}/matrix.npy"), target
    shape = tuple(int(size) for size in open(f"{folder}/shape").read().split())
    parts = tuple(np.load(f"{folder}/{name}.npy") for name in ("values", "rows", "starts"))
    return scipy.sparse.csc_matrix(parts, shape), target


def main():
    name, folder, coefficients = sys.argv[1:]
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what solvers print is no answer
    warnings.simplefilter("ignore")
    solver, (matrix, target) = SOLVERS[name](), read(folder)
    held = {}
    for line in sys.stdin:
        if line.strip() == "hello":
            from threadpoolctl import threadpool_info
            np.dot(np.ones((2, 2)), np.ones(2))
            answers.write("ok " + json.dumps([[pool["internal_api"], pool["num_threads"], pool.get("architecture")]
                                              for pool in threadpool_info()]) + "\n")
            continue
        request = json.loads(line)
        setting = dict(request["setting"])
        precision = setting.pop("precision")
        if precision not in held:
            held[precision] = matrix.astype(precision, copy=False), target.astype(precision)
        alphas = np.array(request["lambdas"]) / len(target)
        try:
            start = time.perf_counter()
            found = solver.fit(*held[precision], alphas[0], **setting) if len(alphas) == 1 else solver.path(*held[precision], alphas, **setting)
            seconds = time.perf_counter() - start
            found = np.asarray(found, np.float64).reshape(matrix.shape[1], -1)[:, -request["keep"]:]
            np.asfortranarray(found).T.tofile(coefficients)
            answers.write(f"ok {seconds!r}\n")
        except Exception as failure:
            answers.write(f"failed {type(failure).__name__}: {' '.join(str(failure).split())[:200]}\n")


if __name__ == "__main__":
    main()
