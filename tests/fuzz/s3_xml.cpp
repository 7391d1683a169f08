// SPDX-License-Identifier: Apache-2.0
#include "fuzz/fuzz.hpp"
#include "objects/xml.hpp"
#include "support/piecewise_source.hpp"

#include <regctl/base/error.hpp>

#include <algorithm>

using namespace regctl;

namespace {

/// The elements of a document that comes in pieces, or the error.
std::string read(const std::string& document, std::size_t piece) {
  std::string elements;
  try {
    test::PiecewiseSource source(document, piece);
    objects::read_xml(source, "it", [&](std::string_view path, const std::string& text) {
      if (std::count(path.begin(), path.end(), '/') >= 32) {
        __builtin_trap();
      }
      elements += std::string(path) + "=" + text + "\n";
    });
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::protocol) {
      __builtin_trap();
    }
    elements += "error";
  }
  return elements;
}

} // namespace

/// How a document is cut on its way changes nothing.
void fuzz(const std::string& input) {
  const auto whole = read(input, std::max<std::size_t>(input.size(), 1));
  if (read(input, 1) != whole) {
    __builtin_trap();
  }
}
