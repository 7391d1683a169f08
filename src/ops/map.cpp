// SPDX-License-Identifier: Apache-2.0
#include "ops/map/map_end.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/file.hpp>
#include <regctl/base/lines.hpp>
#include <regctl/base/text.hpp>
#include <regctl/base/visible.hpp>
#include <regctl/model/reference.hpp>
#include <regctl/ops/map.hpp>

#include <algorithm>
#include <string_view>

namespace regctl::ops {

namespace {

constexpr std::size_t k_least_digits = 12; // as docker shows IDs

bool is_hex(std::string_view text) noexcept {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// What is looked up, in every way in which it may be meant.
class Wanted {
public:
  explicit Wanted(std::string_view text) {
    const auto at = text.rfind('@');
    digits_ = digits_of(at == std::string_view::npos ? text : text.substr(at + 1));
    if (at != std::string_view::npos) {
      return; // the digest decides
    }
    name_ = without_registry_scheme(text);
    if (const auto [name, tag] = split_tag(name_); tag) {
      tag_ = std::string(*tag);
      name_.resize(name.size());
    }
  }

  [[nodiscard]] bool has(const MapLine& line) const {
    return is_named(line.from, line.source, line.tag) ||
           is_named(line.to, line.destination, line.tag) || (line.id && is_sum(*line.id)) ||
           (line.made &&
            (is_sum(line.made->digest.to_string()) || is_sum(line.made->config.to_string())));
  }

  [[nodiscard]] bool has(const MadeLayer& layer) const {
    return is_sum(layer.id) || (layer.diff_id && is_sum(*layer.diff_id)) ||
           (layer.blob && is_sum(layer.blob->digest.to_string())) ||
           std::any_of(layer.checksums.begin(), layer.checksums.end(),
                       [this](const std::string& sum) { return is_sum(sum); });
  }

private:
  static std::string_view digits_of(std::string_view text) {
    const auto colon = text.find(':');
    const auto digits = colon == std::string_view::npos ? text : text.substr(colon + 1);
    return digits.size() >= k_least_digits && is_hex(digits) ? digits : std::string_view();
  }

  /// Whether an ID or a digest begins with the digits.
  [[nodiscard]] bool is_sum(std::string_view sum) const {
    return !digits_.empty() && sum.substr(sum.find(':') + 1).starts_with(digits_);
  }

  [[nodiscard]] bool is_named(const std::string& end, const std::string& name,
                              const std::string& tag) const {
    if (name_.empty() || (!tag_.empty() && tag_ != tag)) {
      return false;
    }
    const auto host = registry_of_end(end);
    return familiar_name(name_) == familiar_name(name) ||
           (host && (name_ == *host + "/" + name || name_ == *host + "/" + full_name(name)));
  }

  std::string name_; ///< perhaps with a host
  std::string tag_;
  std::string digits_;
};

} // namespace

void look_up_map(const std::string& file, const std::string& what, const OnMapLine& on_line) {
  const Wanted wanted(what);
  bool is_found = false;
  LineReader lines(file, k_map_line_bytes);
  while (const auto text = lines.next()) {
    const auto line = parse_map_line(*text, lines.where());
    if (wanted.has(line)) {
      is_found = true;
      on_line(line, nullptr);
    } else if (line.made) {
      const auto& layers = line.made->layers;
      const auto layer = std::find_if(layers.begin(), layers.end(),
                                      [&](const MadeLayer& one) { return wanted.has(one); });
      if (layer != layers.end()) {
        is_found = true;
        on_line(line, &*layer);
      }
    }
  }
  if (!is_found) {
    throw Error(ErrorKind::not_found, input_name(file) + " has nothing of " + excerpt(what));
  }
}

} // namespace regctl::ops
