"""The data sets, and the folder that the contestants read them from."""
import dataclasses
import functools
import pathlib
import subprocess

import numpy as np
import scipy.io
import scipy.sparse

from .certificate import largest_lambda

ROOT = pathlib.Path(__file__).resolve().parents[3]
GOLUB = """
data(golub, package = "multtest")
writeBin(as.vector(t(golub)), "{folder}/golub"); writeBin(as.double(golub.cl), "{folder}/golub.cl")
"""


class Skipped(Exception):
    """Why a data set or a contestant cannot be had here, in one line."""


@dataclasses.dataclass
class DataSet:
    name: str
    description: str
    matrix: object  # samples x features: an ndarray in Fortran order, or a csc_matrix; float32 or float64
    target: np.ndarray
    precisions: tuple = ("float64", "float32")  # that contestants who can take either may choose from
    folder: pathlib.Path = None
    largest_lambda: float = 0.0

    @property
    def sparse(self):
        return scipy.sparse.issparse(self.matrix)

    @functools.cached_property
    def in_float64(self):
        """What the certificate is computed from; the same matrix where it is float64 already."""
        return self.matrix.astype(np.float64, copy=False)

    @property
    def bytes(self):
        """Of the matrix as it is stored: what whoever has seen every entry must have read at least."""
        if self.sparse:
            return self.matrix.data.nbytes + self.matrix.indices.nbytes + self.matrix.indptr.nbytes
        return self.matrix.nbytes

    def store(self, folder):
        """Writes target.npy and matrix.npy, or values, rows and starts and for Wolfpack matrix.mtx."""
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        np.save(self.folder / "target.npy", self.target)
        if self.sparse:
            for name, values in (("values", self.matrix.data), ("rows", self.matrix.indices), ("starts", self.matrix.indptr)):
                np.save(self.folder / f"{name}.npy", values)
            (self.folder / "shape").write_text("%d %d\n" % self.matrix.shape)
            scipy.io.mmwrite(self.folder / "matrix.mtx", self.matrix.tocoo(), field="real")
        else:
            np.save(self.folder / "matrix.npy", self.matrix)
        self.largest_lambda = largest_lambda(self.in_float64, self.target)


def run(command):
    ended = subprocess.run(command, capture_output=True, text=True)
    if ended.returncode != 0:
        raise Skipped(f"{command[0].name} failed: " + (ended.stderr.strip().splitlines() or [f"exit status {ended.returncode}"])[-1])


def fashion(precision, binaries):
    folder, source = ROOT / "build/fashion-mnist", pathlib.Path("/usr/share/datasets/fashion-mnist")
    if not source.exists():
        raise Skipped("Debian's package dataset-fashion-mnist is not installed")
    run([binaries / "wolfpack-fashion-mnist", "--images", source / "train-images-idx3-ubyte.gz", "--test",
         source / "t10k-images-idx3-ubyte.gz", "--picture", "0", "--output", folder])
    matrix = np.asfortranarray(np.load(folder / "pictures.npy"), precision)
    precisions = ("float64",) if precision == "float64" else ("float32", "float64")
    return DataSet(f"fashion-{precision}", "Fashion-MNIST: 60,000 pictures of unit norm are the columns, the target is test picture 0",
                   matrix, np.load(folder / "picture.npy").astype(np.float64), precisions)


def newsgroups(file):
    if not file:
        raise Skipped("no --newsgroups FILE (svmlight text, also gzipped; labels 1 to 20)")
    from sklearn.datasets import load_svmlight_file
    matrix, labels = load_svmlight_file(str(file))
    return DataSet("newsgroups", "20 newsgroups as given: documents x words; the target is +1 for groups 1 to 10, -1 for 11 to 20",
                   scipy.sparse.csc_matrix(matrix), np.where(labels <= 10, 1.0, -1.0))


def leukemia(folder):
    ended = subprocess.run(["Rscript", "--vanilla", "-e", GOLUB.format(folder=folder)], capture_output=True, text=True)
    if ended.returncode != 0:
        raise Skipped("R has no data set golub: install Debian's r-bioc-multtest")
    target = np.fromfile(f"{folder}/golub.cl")
    matrix = np.fromfile(f"{folder}/golub").reshape(len(target), -1, order="F")
    matrix = matrix - matrix.mean(axis=0)
    matrix = np.asfortranarray(matrix / np.linalg.norm(matrix, axis=0))
    return DataSet("leukemia", "Golub et al. 1999, 38 patients x 3,051 genes: columns centred and of unit norm, the class 0 / 1 centred",
                   matrix, target - target.mean())


def paper(folder, binaries):
    from sklearn.datasets import load_svmlight_file
    file = f"{folder}/paper.libsvm"
    run([binaries / "wolfpack", "generate", "--rows", "1000", "--columns", "10000", "--density", "0.001", "--nonzeros", "100",
         "--noise", "0.001", "--seed", "1", "--output", file])
    matrix, target = load_svmlight_file(file)
    return DataSet("paper", "the instance of Tran, Peel and Skhiri 2015: sparse, density 0.001, 100 non-zeros, noise 0.001",
                   scipy.sparse.csc_matrix(matrix), target)


def gaussian(rows=500, columns=50_000, nonzeros=50):
    random = np.random.default_rng(1)
    matrix = random.standard_normal((columns, rows)).T
    planted = random.choice(columns, nonzeros, replace=False)
    target = matrix[:, planted] @ random.choice([-1.0, 1.0], nonzeros) + random.standard_normal(rows)
    return DataSet("gaussian", f"{rows} x {columns:,} entries N(0, 1), {nonzeros} planted coefficients +1 or -1, noise N(0, 1), seed 1",
                   matrix, target)


NAMES = ("fashion-float32", "fashion-float64", "newsgroups", "leukemia", "paper", "gaussian")


def load(name, folder, binaries, newsgroups_file=None):
    """The data set of that name, stored in a new folder under `folder`."""
    if name.startswith("fashion-"):
        data = fashion(name.removeprefix("fashion-"), binaries)
    else:
        data = {"newsgroups": lambda: newsgroups(newsgroups_file), "leukemia": lambda: leukemia(folder),
                "paper": lambda: paper(folder, binaries), "gaussian": gaussian}[name]()
    data.store(pathlib.Path(folder) / name)
    return data
