// What tests of the host room share: a folder that goes away again, and the text of the error a call
// ends in ("": none).
#ifndef OFFRAMP_TESTS_SUPPORT_HOST_TEST_HPP
#define OFFRAMP_TESTS_SUPPORT_HOST_TEST_HPP

#include <filesystem>
#include <iterator>
#include <random>
#include <string>

#include <offramp/host/error.hpp>

namespace offramp_test {

struct folder {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("offramp_test_" + std::to_string(std::random_device{}()));
  folder() { std::filesystem::create_directory(path); }
  ~folder() { std::filesystem::remove_all(path); }
  folder(const folder&) = delete;
  folder& operator=(const folder&) = delete;
  [[nodiscard]] auto files() const {
    return std::distance(std::filesystem::directory_iterator(path), std::filesystem::directory_iterator{});
  }
};

template <class Call>
std::string message_of(Call&& call) {
  try {
    call();
  } catch (const offramp::host::error& problem) { return problem.what(); }
  return "";
}

}  // namespace offramp_test

#endif
