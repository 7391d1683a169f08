// SPDX-License-Identifier: Apache-2.0
#include "server/original_values.hpp"

#include <regctl/base/text.hpp>

#include <algorithm>
#include <string_view>

namespace regctl::server {

namespace {

constexpr std::string_view k_env = "_env:";

} // namespace

std::string OriginalValues::get(const std::string& name, const std::string& variable) const {
  const auto* value = find(name);
  if (flavor_ == nullptr) {
    return variable.empty() ? std::string() : environment_(variable).value_or("");
  }
  if (value == nullptr || value->kind != Yaml::Kind::scalar || value->scalar == "~") {
    return {};
  }
  return evaluate(value->scalar);
}

bool OriginalValues::is_true(const std::string& name, const std::string& variable,
                             bool otherwise) const {
  const auto word = lower(get(name, variable));
  return word.empty() ? otherwise : word == "true" || word == "yes" || word == "on" || word == "1";
}

const Yaml* OriginalValues::find(const std::string& name) const {
  const auto* value = flavor_;
  for (std::size_t begin = 0; value != nullptr && begin <= name.size();) {
    const auto end = std::min(name.find('.', begin), name.size());
    value = value->find(name.substr(begin, end - begin));
    begin = end + 1;
  }
  return value;
}

/// Resolves "_env:NAME:default".
std::string OriginalValues::evaluate(const std::string& text) const {
  if (!text.starts_with(k_env)) {
    return text;
  }
  const auto rest = text.substr(k_env.size());
  const auto colon = rest.find(':');
  const auto fallback = colon == std::string::npos ? std::string() : rest.substr(colon + 1);
  return environment_(rest.substr(0, colon)).value_or(fallback);
}

void refuse_setting(const std::string& setting, const std::string& value, const std::string& hint) {
  throw Error(ErrorKind::unsupported, "the setting " + setting + ": " + value + " is not supported",
              hint);
}

} // namespace regctl::server
