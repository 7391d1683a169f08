// SPDX-License-Identifier: Apache-2.0
#include "fuzz/fuzz.hpp"
#include "fuzz/memory_file.hpp"
#include "ops/passage/layer_fact.hpp"
#include "ops/passage/passage.hpp"
#include "ops/passage/v1_fact.hpp"

#include <algorithm>

/// Useless lines of a file are noted once, and never a reason to fail. A fact is read as it was
/// written.
void fuzz(const std::string& input) {
  const MemoryFile file(input);
  int notes = 0;
  const regctl::ops::LearntFacts facts(file.name(), regctl::ops::is_fact,
                                       [&](const std::string&) { ++notes; });
  const auto id = input.substr(std::min(input.find('\n') + 1, input.size()), 64);
  if (const auto text = facts.find(id)) {
    const auto fact = regctl::ops::V1Fact::parse(*text);
    if (!fact || regctl::ops::V1Fact::parse(fact->to_string()) != fact) {
      __builtin_trap();
    }
  }
  regctl::V1Image image;
  image.payload_checksums = {"sha256:" + std::string(64, '1')};
  for (const auto form : {regctl::ops::OciForm::oci, regctl::ops::OciForm::docker}) {
    const auto text = facts.find(regctl::ops::LayerFact::identity_of(id, form));
    const auto layer = text ? regctl::ops::LayerFact::find(*text, image, form) : std::nullopt;
    const auto printed = layer ? regctl::ops::LayerFact::print(image, *layer) : std::nullopt;
    if (layer && !(printed && regctl::ops::LayerFact::find(*printed, image, form))) {
      __builtin_trap();
    }
  }
  if (notes > 1) {
    __builtin_trap();
  }
}
