"""The one judge of all contestants: the duality gap of min 1/2 ||y - A alpha||^2 + lambda ||alpha||_1, in float64."""
import numpy as np


def relative_gaps(matrix, target, coefficients, lambdas):
    """(P - D) / f(0) of each column of `coefficients` at the lambda of the same place, f(0) = 1/2 ||y||^2.

    D is taken at the residual, scaled to where D is largest among its feasible multiples s: ||A'(s r)||_inf <= lambda.
    """
    assert matrix.dtype == np.float64
    target = np.asarray(target, np.float64)
    coefficients = np.asarray(coefficients, np.float64).reshape(matrix.shape[1], -1)
    used = np.flatnonzero(coefficients.any(axis=1))
    residuals = target[:, None] - matrix[:, used] @ coefficients[used]
    correlations = np.abs(matrix.T @ residuals).max(axis=0)
    gaps = []
    for index, level in enumerate(lambdas):
        residual = residuals[:, index]
        squares = residual @ residual
        primal = 0.5 * squares + level * np.abs(coefficients[used, index]).sum()
        bound = level / correlations[index] if correlations[index] > 0 else np.inf
        scale = np.clip(target @ residual / squares, -bound, bound) if squares > 0 else 0.0
        dual = scale * (target @ residual) - 0.5 * scale * scale * squares
        gap = (primal - dual) / (0.5 * target @ target)
        gaps.append(gap if np.isfinite(gap) else np.inf)
    return np.array(gaps)


def largest_lambda(matrix, target):
    """The smallest lambda at which alpha = 0 is optimal."""
    return float(np.abs(matrix.T @ np.asarray(target, np.float64)).max())


def self_test():
    """Problems whose optimum is known: with orthonormal columns the LASSO is soft thresholding of A'y."""
    matrix, _ = np.linalg.qr(np.random.default_rng(1).standard_normal((20, 8)))
    target = np.random.default_rng(2).standard_normal(20)
    correlations = matrix.T @ target
    level = 0.3 * largest_lambda(matrix, target)
    optimum = np.sign(correlations) * np.maximum(np.abs(correlations) - level, 0)
    null = 0.5 * target @ target
    assert abs(relative_gaps(matrix, target, optimum, [level])[0]) < 1e-14
    # The gap bounds the error f - f* from above, and so must grow with it.
    wrong = optimum + 0.01
    objective = lambda alpha: 0.5 * np.sum((target - matrix @ alpha) ** 2) + level * np.abs(alpha).sum()
    assert relative_gaps(matrix, target, wrong, [level])[0] >= (objective(wrong) - objective(optimum)) / null > 1e-5
    # At zero, by hand: y = (3, 4), A = I, lambda = 2. P = 12.5; the scale is 2/4; D = 12.5 - 12.5 / 4.
    by_hand = relative_gaps(np.eye(2), np.array([3.0, 4.0]), np.zeros(2), [2.0])[0]
    assert abs(by_hand - 0.25) < 1e-15, by_hand
    # Several at once, one of them at lambda_max; sparse and dense.
    import scipy.sparse
    both = relative_gaps(matrix, target, np.stack([0 * optimum, optimum], 1), [largest_lambda(matrix, target), level])
    assert abs(both).max() < 1e-14, both
    sparse = relative_gaps(scipy.sparse.csc_matrix(matrix), target, np.stack([0 * optimum, wrong], 1), [level, level])
    dense = relative_gaps(matrix, target, np.stack([0 * optimum, wrong], 1), [level, level])
    assert np.allclose(sparse, dense, rtol=1e-12)
