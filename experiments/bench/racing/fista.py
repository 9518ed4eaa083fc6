"""FISTA with adaptive restart, in plain NumPy: the method that everybody writes first, written with care."""
import numpy as np


def fista(matrix, target, level, tolerance, warm_up=10):
    """Stops when the duality gap divided by f(0) at the point where the gradient is taken is <= tolerance: it costs no pass of its own.

    The step comes from a few power iterations and is made smaller where the quadratic bound fails; momentum restarts when it
    points uphill (O'Donoghue and Candes 2015). Products A z use only the columns that z uses.
    """
    columns = matrix.shape[1]
    dense = isinstance(matrix, np.ndarray)

    def times(z):
        used = np.flatnonzero(z)
        return matrix[:, used] @ z[used] if dense and 8 * len(used) < columns else matrix @ z

    vector = matrix.T @ target
    for _ in range(warm_up):
        vector = matrix.T @ (matrix @ (vector / np.linalg.norm(vector)))
    lipschitz = np.linalg.norm(vector)

    alpha, z, t = np.zeros(columns, matrix.dtype), np.zeros(columns, matrix.dtype), 1.0
    image = image_z = np.zeros(matrix.shape[0], matrix.dtype)
    null = 0.5 * float(target @ target)
    while True:
        residual = target - image_z
        gradient = -(matrix.T @ residual)
        squares, along = float(residual @ residual), float(target @ residual)
        scale = np.clip(along / squares, *(np.array([-1, 1]) * level / float(np.abs(gradient).max()))) if squares > 0 else 0.0
        if 0.5 * squares + level * float(np.abs(z).sum()) - scale * along + 0.5 * scale * scale * squares <= tolerance * null:
            return z
        while True:
            step = z - gradient / matrix.dtype.type(lipschitz)
            after = np.sign(step) * np.maximum(np.abs(step) - matrix.dtype.type(level / lipschitz), 0)
            image_after, move = times(after), after - z
            change = image_after - image_z
            if float(change @ change) <= lipschitz * float(move @ move) * (1 + 1e-5):
                break
            lipschitz *= 1.1
        t_after = (1 + np.sqrt(1 + 4 * t * t)) / 2
        if float((z - after) @ (after - alpha)) > 0:
            t, t_after = 1.0, 1.0
        momentum = matrix.dtype.type((t - 1) / t_after)
        z, image_z = after + momentum * (after - alpha), image_after + momentum * (image_after - image)
        alpha, image, t = after, image_after, t_after
