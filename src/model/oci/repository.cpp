// SPDX-License-Identifier: Apache-2.0
#include <regctl/model/oci/repository.hpp>

#include <algorithm>
#include <array>

namespace regctl {

Error ReadOnlyOciRepository::refusal() const {
  return Error(ErrorKind::unsupported, describe() + " can only be read");
}

void ReadOnlyOciRepository::refuse() const {
  throw refusal();
}

namespace oci {

namespace {

constexpr std::array<std::string_view, 3> k_cosign_endings = {".sig", ".att", ".sbom"};

} // namespace

ManifestName manifest_name(const Reference& reference) {
  return reference.digest
             ? ManifestName(Digest::parse(*reference.digest, "the digest of the reference"))
             : ManifestName::tag(reference.tag_or_latest());
}

std::optional<Digest> subject_of_tag(std::string_view tag) {
  const auto dash = tag.find('-');
  if (dash == std::string_view::npos) {
    return std::nullopt;
  }
  const auto rest = tag.substr(dash + 1);
  const auto dot = std::min(rest.find('.'), rest.size());
  const auto ending = rest.substr(dot);
  if (!ending.empty() && std::find(k_cosign_endings.begin(), k_cosign_endings.end(), ending) ==
                             k_cosign_endings.end()) {
    return std::nullopt;
  }
  return Digest::find(std::string(tag.substr(0, dash)) + ":" + std::string(rest.substr(0, dot)));
}

std::vector<std::string> cosign_tags(const Digest& subject) {
  std::vector<std::string> tags;
  tags.reserve(k_cosign_endings.size());
  for (const auto& ending : k_cosign_endings) {
    tags.push_back(referrers_tag(subject) + std::string(ending));
  }
  return tags;
}

std::string referrers_tag(const Digest& subject) {
  // A tag has at most 128 characters, which the longer digest would exceed. Source:
  // distribution-spec 1.1, "Referrers Tag Schema".
  return std::string(subject.algorithm_name().substr(0, 32)) + "-" +
         std::string(subject.hex().substr(0, 64));
}

} // namespace oci

} // namespace regctl
