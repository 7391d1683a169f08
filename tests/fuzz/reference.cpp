// SPDX-License-Identifier: Apache-2.0
#include "fuzz/fuzz.hpp"

#include <regctl/model/place.hpp>
#include <regctl/model/reference.hpp>

void fuzz(const std::string& input) {
  const auto reference = regctl::Reference::parse(input);
  if (regctl::Reference::parse(reference.to_string()) != reference) {
    __builtin_trap(); // to_string() undoes parse()
  }
  regctl::Place::parse(input, [](const std::string& path) {
    return static_cast<regctl::PathContent>(path.size() % 5);
  });
}
