// SPDX-License-Identifier: Apache-2.0
#include "fuzz/fuzz.hpp"

#include <regctl/base/json.hpp>
#include <regctl/ops/map/map_line.hpp>

/// A line that can be read is printed so that it is read as the same.
void fuzz(const std::string& input) {
  using namespace regctl::ops;
  const auto line = parse_map_line(input, "here");
  const auto print = [](const MapLine& one) {
    return to_json(one).dump(-1, ' ', false, regctl::Json::error_handler_t::replace);
  };
  const auto printed = print(line);
  if (print(parse_map_line(printed, "here")) != printed) {
    __builtin_trap();
  }
}
