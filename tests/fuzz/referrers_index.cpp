// SPDX-License-Identifier: Apache-2.0
#include "fuzz/fuzz.hpp"

#include <regctl/base/json.hpp>
#include <regctl/model/oci/referrers_index.hpp>

#include <algorithm>

namespace {

using namespace regctl;

bool lists(const std::string& index, const oci::Digest& digest) {
  const auto entries = oci::referrers_in(index);
  return std::any_of(entries.begin(), entries.end(),
                     [&](const oci::Descriptor& entry) { return entry.digest == digest; });
}

} // namespace

void fuzz(const std::string& input) {
  const auto entries = oci::referrers_in(input);
  const oci::Descriptor more{std::string(oci::k_oci_manifest), oci::Digest::of("more"), 4};
  const bool is_known = lists(input, more.digest);
  const auto longer = oci::add_referrer(input, more);
  if (!lists(longer, more.digest) || (is_known && longer != input)) {
    __builtin_trap();
  }
  if (oci::referrers_in(longer).size() != entries.size() + (is_known ? 0 : 1)) {
    __builtin_trap();
  }
  const auto shorter = oci::remove_referrer(longer, more.digest);
  if (lists(shorter, more.digest) ||
      oci::referrers_in(shorter).size() != entries.size() - (is_known ? 1 : 0)) {
    __builtin_trap();
  }
}
