// SPDX-License-Identifier: Apache-2.0
#include "fuzz/fuzz.hpp"

#include <regctl/ops/mirror/config.hpp>
#include <regctl/ops/mirror/import.hpp>

using namespace regctl;
using namespace regctl::ops::mirror;

namespace {

void require(bool holds) {
  if (!holds) {
    __builtin_trap();
  }
}

/// What is made of a file is a mirror file.
void fuzz_import(const std::string& text, const ImportOptions& options) {
  ImportedConfig imported;
  try {
    imported = import_config({{"file", text}}, options);
  } catch (const Error& error) {
    require(error.kind() == ErrorKind::usage || error.kind() == ErrorKind::unsupported);
    return;
  }
  const auto config = parse_mirror_config(
      imported.text, "made", [](const std::string&) { return std::optional<std::string>(); });
  require(config.mirrors.size() == imported.mirrors);
}

} // namespace

/// The first letter says whose file it is; any other one lets the content tell.
void fuzz(const std::string& input) {
  ImportOptions options;
  switch (input.empty() ? '\0' : input.front()) {
  case 's':
    options = {ForeignProgram::skopeo, "new.example/below/"};
    break;
  case 'r':
    options.program = ForeignProgram::regsync;
    break;
  case 'i':
    options.program = ForeignProgram::image_syncer;
    break;
  case 'd':
    options.program = ForeignProgram::dregsy;
    break;
  default:
    break;
  }
  const auto text = input.substr(input.empty() ? 0 : 1);
  try {
    fuzz_import(text, options);
  } catch (const Error&) {
    __builtin_trap(); // our own reader refuses what was made
  }
}
