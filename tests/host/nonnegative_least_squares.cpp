// Against all sets of columns tried one by one, and on matrices that are hard to solve.
#include <offramp/host/nonnegative_least_squares.hpp>

#include <cmath>
#include <limits>
#include <string>

#include <Eigen/QR>
#include <doctest/doctest.h>

#include <offramp/host/random.hpp>

namespace host = offramp::host;

namespace {

double squared_error(const Eigen::MatrixXd& a, const Eigen::VectorXd& b, const Eigen::VectorXd& x) {
  return (a * x - b).squaredNorm();
}

// The least error over all sets of columns whose least squares solution is not negative: one of them is the answer.
double by_brute_force(const Eigen::MatrixXd& a, const Eigen::VectorXd& b) {
  double least = b.squaredNorm();
  const auto n = static_cast<int>(a.cols());
  for (int set = 1; set < 1 << n; ++set) {
    Eigen::MatrixXd part(a.rows(), 0);
    for (int j = 0; j < n; ++j)
      if ((set >> j & 1) != 0) {
        part.conservativeResize(Eigen::NoChange, part.cols() + 1);
        part.col(part.cols() - 1) = a.col(j);
      }
    const Eigen::VectorXd x = part.colPivHouseholderQr().solve(b);
    if (x.minCoeff() >= 0) least = std::min(least, squared_error(part, b, x));
  }
  return least;
}

Eigen::MatrixXd random_matrix(int rows, int columns, host::random_source& random) {
  Eigen::MatrixXd a(rows, columns);
  for (int i = 0; i < rows; ++i)
    for (int j = 0; j < columns; ++j) a(i, j) = static_cast<double>(random.normal());
  return a;
}

std::string complaint(const Eigen::MatrixXd& a, const Eigen::VectorXd& b) {
  try {
    host::nonnegative_least_squares(a, b);
  } catch (const host::error& problem) { return problem.what(); }
  return "";
}

}  // namespace

TEST_CASE("non-negative least squares: as good as the best of all sets of columns") {
  host::random_source random{11};
  int with_zeros = 0;
  for (int trial = 0; trial < 200; ++trial) {
    const int columns = 1 + random.below(6);
    const int rows = columns + random.below(8);
    Eigen::MatrixXd a = random_matrix(rows, columns, random);
    const Eigen::VectorXd b = random_matrix(rows, 1, random).col(0);
    // Columns of very different length, as counts of bytes and calls are.
    for (int j = 0; j < columns; ++j) a.col(j) *= std::pow(10.0, random.below(13) - 6);
    const Eigen::VectorXd x = host::nonnegative_least_squares(a, b);
    CHECK(x.minCoeff() >= 0);
    CHECK(squared_error(a, b, x) == doctest::Approx(by_brute_force(a, b)).epsilon(1e-9));
    for (int j = 0; j < columns; ++j) with_zeros += x(j) > 0 ? 0 : 1;
  }
  CHECK(with_zeros > 100);  // else nothing was tested
}

TEST_CASE("non-negative least squares: known answers") {
  Eigen::MatrixXd a(3, 2);
  a << 1, 0, 0, 2, 0, 0;
  CHECK(host::nonnegative_least_squares(a, Eigen::Vector3d{3, 4, 5}).isApprox(Eigen::Vector2d{3, 2}));
  CHECK(host::nonnegative_least_squares(a, Eigen::Vector3d{-3, 4, 5}).isApprox(Eigen::Vector2d{0, 2}));
  CHECK(host::nonnegative_least_squares(a, Eigen::Vector3d{-3, -4, 5}).isZero(0));
  CHECK(host::nonnegative_least_squares(a, Eigen::Vector3d{0, 0, 0}).isZero(0));
}

TEST_CASE("non-negative least squares: columns that depend on each other, that are zero, more columns than rows") {
  host::random_source random{12};
  for (int trial = 0; trial < 100; ++trial) {
    const int rows = 3 + random.below(12);
    const Eigen::MatrixXd base = random_matrix(rows, 3, random).cwiseAbs();
    Eigen::MatrixXd a(rows, 8);
    a << base, base.col(0) + base.col(1), 1e6 * base.col(2), Eigen::VectorXd::Zero(rows), base.col(0),
        base.col(1) * (1 + 1e-9);
    const Eigen::VectorXd truth = Eigen::Vector3d{1, trial % 2 == 0 ? 0.0 : 2.0, 3};
    const Eigen::VectorXd b = base * truth;
    const Eigen::VectorXd x = host::nonnegative_least_squares(a, b);
    CHECK(x.minCoeff() >= 0);
    CHECK(x.allFinite());
    CHECK(x(5) == 0);
    CHECK(std::sqrt(squared_error(a, b, x)) < 1e-5 * b.norm());
  }
  // Nearly dependent: the smallest differences that doubles can say.
  Eigen::MatrixXd a(4, 3);
  a << 1, 1, 1, 1, 1 + 1e-15, 1, 1, 1, 1 + 1e-15, 1, 1, 1;
  const Eigen::VectorXd x = host::nonnegative_least_squares(a, Eigen::Vector4d{2, 2.1, 1.9, 2});
  CHECK(x.minCoeff() >= 0);
  CHECK(x.sum() == doctest::Approx(2));
  CHECK(host::nonnegative_least_squares(Eigen::MatrixXd(3, 0), Eigen::Vector3d{1, 2, 3}).size() == 0);
}

TEST_CASE("non-negative least squares: numbers far from one") {
  Eigen::MatrixXd a(2, 2);
  a << 1e200, 0, 0, 1e-200;
  const Eigen::VectorXd x = host::nonnegative_least_squares(a, Eigen::Vector2d{2, 3});
  CHECK(x(0) == doctest::Approx(2e-200));
  CHECK(x(1) == doctest::Approx(3e200));
}

TEST_CASE("non-negative least squares: what it refuses") {
  Eigen::MatrixXd a = Eigen::MatrixXd::Ones(3, 2);
  CHECK(complaint(a, Eigen::Vector2d{1, 2}) == "nonnegative_least_squares: b has 2 rows, expected 3 as the matrix has");
  a(1, 1) = std::numeric_limits<double>::quiet_NaN();
  CHECK(complaint(a, Eigen::Vector3d{1, 2, 3}).find("found a number that is infinite or NaN") != std::string::npos);
}
