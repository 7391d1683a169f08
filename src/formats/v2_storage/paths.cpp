// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/text.hpp>
#include <regctl/base/time.hpp>
#include <regctl/formats/v2_paths.hpp>

#include <algorithm>

namespace regctl::v2_paths {

namespace {

constexpr std::size_t k_name_limit_bytes = 255;

bool is_lower_or_digit(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool is_letter_or_digit(char c) noexcept {
  return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z');
}

/// Between letters and digits: one '.', one or two '_', or any number of '-'.
bool is_separator(std::string_view text) noexcept {
  return text == "." || text == "_" || text == "__" ||
         text.find_first_not_of('-') == std::string_view::npos;
}

bool is_name_part(std::string_view part) {
  if (part.empty() || !is_lower_or_digit(part.front()) || !is_lower_or_digit(part.back())) {
    return false;
  }
  for (std::size_t at = 0; at < part.size();) {
    const auto begin = at;
    const bool is_plain = is_lower_or_digit(part[at]);
    while (at < part.size() && is_lower_or_digit(part[at]) == is_plain) {
      ++at;
    }
    if (!is_plain && !is_separator(part.substr(begin, at - begin))) {
      return false;
    }
  }
  return true;
}

/// The first part of a name may look like a host: then it may have upper case.
bool is_host_part(std::string_view part) {
  const auto labels = split(part, '.');
  return std::all_of(labels.begin(), labels.end(), [](std::string_view label) {
    return !label.empty() && is_letter_or_digit(label.front()) &&
           is_letter_or_digit(label.back()) && std::all_of(label.begin(), label.end(), [](char c) {
             return is_letter_or_digit(c) || c == '-';
           });
  });
}

std::string with_digest(std::string folder, const oci::Digest& digest) {
  folder += "/";
  folder += digest.algorithm_name();
  folder += "/";
  folder += digest.hex();
  return folder;
}

std::string join(std::string folder, std::string_view name) {
  folder += "/";
  folder += name;
  return folder;
}

} // namespace

bool is_legal_repository(std::string_view name) {
  const auto parts = split(name, '/');
  return name.size() <= k_name_limit_bytes &&
         (is_name_part(parts.front()) || (parts.size() > 1 && is_host_part(parts.front()))) &&
         std::all_of(parts.begin() + 1, parts.end(), is_name_part);
}

bool is_nameable_repository(std::string_view name) {
  const auto parts = split(name, '/');
  return is_legal_repository(name) && std::all_of(parts.begin(), parts.end(), is_name_part);
}

std::string propose_repository(std::string_view name) {
  constexpr std::string_view k_separators = "._-";
  const auto lowered = lower(name);
  std::string proposed;
  for (auto part : split(lowered, '/')) {
    std::string legal;
    while (!part.empty()) {
      const auto word = part.substr(0, part.find_first_of(k_separators));
      part.remove_prefix(word.size());
      legal += word;
      const auto run = part.substr(0, part.find_first_not_of(k_separators));
      part.remove_prefix(run.size());
      if (!legal.empty() && !part.empty()) {
        legal += is_separator(run) ? run : "-";
      }
    }
    proposed += (proposed.empty() || legal.empty() ? "" : "/") + legal;
  }
  return is_nameable_repository(proposed) ? proposed : "new-name";
}

std::string repository(std::string_view name) {
  return join(std::string(k_repositories), name);
}

std::string layers(std::string_view name) {
  return join(repository(name), k_layers);
}

std::string layer(std::string_view name, const oci::Digest& digest) {
  return with_digest(layers(name), digest);
}

std::string uploads(std::string_view name) {
  return join(repository(name), k_uploads);
}

std::string manifests(std::string_view name) {
  return join(repository(name), k_manifests);
}

std::string all_revisions(std::string_view name) {
  return manifests(name) + "/revisions";
}

std::string revisions(std::string_view name) {
  return join(all_revisions(name), to_string(oci::DigestAlgorithm::sha256));
}

std::string revision(std::string_view name, const oci::Digest& digest) {
  return with_digest(all_revisions(name), digest);
}

std::string signatures(std::string_view name, const oci::Digest& digest) {
  return revision(name, digest) + "/signatures";
}

std::string tags(std::string_view name) {
  return manifests(name) + "/tags";
}

std::string tag(std::string_view name, std::string_view tag) {
  return join(tags(name), tag);
}

std::string current(std::string_view name, std::string_view tag) {
  return join(v2_paths::tag(name, tag), k_current);
}

std::string all_tag_indexes(std::string_view name, std::string_view tag) {
  return v2_paths::tag(name, tag) + "/index";
}

std::string tag_index(std::string_view name, std::string_view tag) {
  return join(all_tag_indexes(name, tag), to_string(oci::DigestAlgorithm::sha256));
}

std::string tag_index(std::string_view name, std::string_view tag, const oci::Digest& digest) {
  return with_digest(all_tag_indexes(name, tag), digest);
}

std::string blobs(oci::DigestAlgorithm algorithm) {
  return join(std::string(k_blobs), oci::to_string(algorithm));
}

std::string blob_folder(const oci::Digest& digest) {
  auto folder = blobs(digest.algorithm());
  folder += "/";
  folder += digest.hex().substr(0, 2);
  folder += "/";
  folder += digest.hex();
  return folder;
}

std::string blob(const oci::Digest& digest) {
  return join(blob_folder(digest), k_data);
}

std::string link_in(const std::string& folder) {
  return folder + "/" + k_link;
}

std::optional<oci::Digest> parse_link(std::string_view text) {
  return oci::Digest::find(text);
}

std::optional<std::int64_t> parse_started_at(std::string_view text) {
  return parse_rfc3339(text);
}

bool is_upload_name(std::string_view text) noexcept {
  constexpr std::string_view k_form = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  return text.size() == k_form.size() &&
         std::equal(text.begin(), text.end(), k_form.begin(), [](char c, char form) {
           return form == '-' ? c == '-' : (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

} // namespace regctl::v2_paths
