// SPDX-License-Identifier: Apache-2.0
#include "objects/credentials/token.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/file.hpp>
#include <regctl/base/text.hpp>

namespace regctl::objects {

namespace {

constexpr std::uint64_t k_limit_bytes = 64 * 1024;

[[noreturn]] void refuse(const std::string& why) {
  throw Error(ErrorKind::usage, "no token for AWS: " + why,
              "see that the token is mounted, or unset the variable that names its file");
}

} // namespace

std::string read_token(const std::filesystem::path& file) {
  std::string text;
  try {
    text = read_file(file, k_limit_bytes);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) {
      throw;
    }
    refuse(error.message());
  }
  const auto token = trim(text);
  if (token.empty() || token.find_first_of("\r\n") != std::string_view::npos) {
    refuse("'" + file.string() + "' does not have one line with one");
  }
  return std::string(token);
}

} // namespace regctl::objects
