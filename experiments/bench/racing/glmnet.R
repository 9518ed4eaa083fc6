# A process that solves with glmnet: Rscript glmnet.R FOLDER COEFFICIENTS. Each line that it reads is one call of fit(), answered by
# `ok SECONDS` or `failed REASON`; the coefficients of the last `keep` lambdas go to the file COEFFICIENTS as float64.
suppressMessages({library(Matrix); library(glmnet)})
# Every lambda that is asked for is solved, however little it explains.
glmnet.control(fdev = 0, devmax = 1)
arguments <- commandArgs(trailingOnly = TRUE)

read_npy <- function(name, type = "numeric") {
  input <- file(file.path(arguments[1], paste0(name, ".npy")), "rb")
  on.exit(close(input))
  readBin(input, "raw", 8)
  header <- rawToChar(readBin(input, "raw", readBin(input, "integer", 1, size = 2, signed = FALSE)))
  shape <- sub(".*'shape'", "", header)
  sizes <- as.numeric(regmatches(shape, gregexpr("[0-9]+", shape))[[1]])
  width <- as.integer(sub(".*'descr': '<[fi]([48])'.*", "\\1", header))
  values <- readBin(input, type, prod(sizes), size = width)
  if (length(sizes) == 2) dim(values) <- sizes
  values
}

y <- read_npy("target")
x <- if (file.exists(file.path(arguments[1], "matrix.npy"))) read_npy("matrix") else
  new("dgCMatrix", x = read_npy("values"), i = read_npy("rows", "integer"), p = read_npy("starts", "integer"),
      Dim = as.integer(scan(file.path(arguments[1], "shape"), quiet = TRUE)))

fit <- function(lambda, thresh, type, keep) {
  start <- Sys.time()
  model <- glmnet(x, y, lambda = lambda / length(y), thresh = thresh, type.gaussian = type, standardize = FALSE, intercept = FALSE,
                  maxit = 1e9)
  seconds <- as.numeric(Sys.time() - start, units = "secs")
  if (length(model$lambda) != length(lambda)) stop("glmnet gave up after ", length(model$lambda), " of ", length(lambda), " lambdas")
  found <- as.matrix(model$beta[, length(lambda) + 1 - (keep:1), drop = FALSE])
  writeBin(as.vector(found), arguments[2])
  seconds
}

input <- file("stdin", "r")
while (length(line <- readLines(input, 1)) > 0) {
  answer <- tryCatch(sprintf("ok %.17g", eval(parse(text = line))),
                     error = function(failure) paste("failed", gsub("\\s+", " ", conditionMessage(failure))))
  cat(answer, "\n", sep = "")
  flush(stdout())
  gc()
}
