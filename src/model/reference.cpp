// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/base/text.hpp>
#include <regctl/base/whole_number.hpp>
#include <regctl/model/oci/digest.hpp>
#include <regctl/model/reference.hpp>

#include <algorithm>

namespace regctl {

namespace {

constexpr std::string_view k_default_host = "docker.io";
constexpr std::string_view k_v1_scheme = "v1://";
constexpr std::string_view k_v2_scheme = "v2://";
constexpr std::size_t k_name_limit = 255;

bool is_letter_or_digit(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_name_character(char c) noexcept {
  return is_letter_or_digit(c) || c == '_' || c == '.' || c == '-';
}

[[noreturn]] void bad(std::string_view text, const std::string& why) {
  throw Error(ErrorKind::usage, "'" + std::string(text) + "' is not an image reference: " + why,
              "write HOST[:PORT]/NAME[:TAG], for example localhost:5000/team/app:1.0");
}

bool is_port(std::string_view text) noexcept {
  return parse_whole_number<std::uint16_t>(text).value_or(0) != 0;
}

/// The password in "bob:PASSWORD@host/name", also behind a scheme; empty if there is none. Other
/// uses of '@' and ':' are passed over: digests follow an '@', ports precede a slash, and IPv6
/// colons stand in brackets.
std::string_view find_password(std::string_view text) noexcept {
  text = text.substr(0, std::min(text.find("@sha256:"), text.find("@sha512:")));
  const auto scheme = text.find("://");
  const auto user = scheme == std::string_view::npos ? 0 : scheme + 3;
  const auto colon = text.find_first_of(":/[", user);
  const auto end = text.rfind('@');
  if (colon == std::string_view::npos || text[colon] != ':' || end == std::string_view::npos ||
      end < colon) {
    return {};
  }
  const auto found = text.substr(colon + 1, end - colon - 1);
  const auto slash = found.find('/');
  const bool is_name = slash != std::string_view::npos && is_port(found.substr(0, slash));
  return is_name ? std::string_view() : found;
}

/// Throws if `text` holds a password. Must come before every other check, since their errors repeat
/// `text`.
void refuse_password(std::string_view text) {
  const auto password = find_password(text);
  if (password.empty()) {
    return;
  }
  const auto before = static_cast<std::size_t>(password.data() - text.data());
  throw Error(ErrorKind::usage,
              "'" + std::string(text.substr(0, before)) + "…" +
                  std::string(text.substr(before + password.size())) +
                  "' has a user and password in it, which are not part of a name",
              "leave them out and give --username and --password-stdin, or log in once with "
              "'regctl login'");
}

/// "name", "name:port", "[v6]", "[v6]:port".
bool is_host(std::string_view text) noexcept {
  std::string_view rest;
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos || close < 3 ||
        text.substr(1, close - 1).find_first_not_of("0123456789abcdefABCDEF:.") !=
            std::string_view::npos) {
      return false;
    }
    rest = text.substr(close + 1);
  } else {
    const auto colon = std::min(text.find(':'), text.size());
    const auto name = text.substr(0, colon);
    rest = text.substr(colon);
    if (name.empty() || name.front() == '-' || name.front() == '.' ||
        !std::all_of(name.begin(), name.end(), is_name_character)) {
      return false;
    }
  }
  return rest.empty() || (rest.front() == ':' && is_port(rest.substr(1)));
}

/// Docker's rule for the first of several parts.
bool looks_like_host(std::string_view part) noexcept {
  return part.find_first_of(".:[") != std::string_view::npos || part == "localhost";
}

void check_name_part(std::string_view text, std::string_view part, bool has_explicit_host) {
  if (part.empty()) {
    bad(text, "a part of the name is empty");
  }
  if (part == "." || part == "..") {
    bad(text, "'" + std::string(part) + "' is not allowed in a name");
  }
  if (!std::all_of(part.begin(), part.end(), is_name_character)) {
    bad(text, "the name has a character outside [A-Za-z0-9_.-]");
  }
  if (!has_explicit_host && lower(part) != part) {
    bad(text, "names without a host are in lower case");
  }
}

void check_name(std::string_view text, std::string_view name, bool has_explicit_host) {
  if (name.empty()) {
    bad(text, "it has no name");
  }
  if (name.size() > k_name_limit) {
    bad(text, "the name has more than " + std::to_string(k_name_limit) + " characters");
  }
  if (name.ends_with('/')) {
    bad(text, "a '/' at the end makes it a namespace, and an image or a repository is wanted");
  }
  for (std::size_t begin = 0; begin <= name.size();) {
    const auto end = std::min(name.find('/', begin), name.size());
    check_name_part(text, name.substr(begin, end - begin), has_explicit_host);
    begin = end + 1;
  }
}

/// Takes "@ALGORITHM:…" and then ":tag" off the end of `rest`.
void take_tag_and_digest(std::string_view text, std::string_view& rest, Reference& result) {
  if (const auto at = rest.find('@'); at != std::string_view::npos) {
    const auto digest = rest.substr(at + 1);
    if (!oci::Digest::find(digest)) {
      bad(text, "the digest is not 'sha256:' and 64 lower-case hex digits, or 'sha512:' and 128");
    }
    result.digest = std::string(digest);
    rest = rest.substr(0, at);
  }
  if (const auto [name, tag] = split_tag(rest); tag) {
    result.tag = std::string(*tag);
    if (!is_tag(*result.tag)) {
      bad(text, "the tag is empty, too long or has a character outside [A-Za-z0-9_.-]");
    }
    rest = name;
  }
}

/// "localhost:5000" or "registry.example:5000" alone: a host whose image name was forgotten.
bool is_lone_host(std::string_view text) noexcept {
  const auto colon = text.rfind(':');
  return text.find('/') == std::string_view::npos && colon != std::string_view::npos &&
         is_host(text) && is_port(text.substr(colon + 1)) && looks_like_host(text.substr(0, colon));
}

/// ":tag@digest", each where `reference` has it.
std::string behind_name(const Reference& reference) {
  return (reference.tag ? ":" + *reference.tag : "") +
         (reference.digest ? "@" + *reference.digest : "");
}

} // namespace

std::string_view to_string(Protocol protocol) noexcept {
  return protocol == Protocol::v1 ? "v1" : "v2";
}

std::string with_registry_scheme(std::string_view text, std::optional<Protocol> protocol) {
  const auto scheme =
      protocol ? std::string(to_string(*protocol)) + "://" : std::string(k_registry_scheme);
  return scheme + std::string(text);
}

std::string_view without_registry_scheme(std::string_view text) noexcept {
  for (const auto scheme : {k_registry_scheme, k_v1_scheme, k_v2_scheme}) {
    if (text.starts_with(scheme)) {
      return text.substr(scheme.size());
    }
  }
  return text;
}

std::optional<Protocol> protocol_of_scheme(std::string_view text) noexcept {
  if (text.starts_with(k_v1_scheme)) {
    return Protocol::v1;
  }
  return text.starts_with(k_v2_scheme) ? std::optional(Protocol::v2) : std::nullopt;
}

Reference Reference::parse(std::string_view text) {
  refuse_password(text);
  auto rest = without_registry_scheme(text);
  if (rest.size() == text.size() && rest.find("://") != std::string_view::npos) {
    bad(text, "leave out the scheme (--plain-http says that a registry speaks http)");
  }
  if (is_lone_host(rest)) {
    bad(text, "it has no name after the host");
  }
  Reference result;
  const auto slash = rest.find('/');
  const auto first = rest.substr(0, slash);
  const bool has_host = slash != std::string_view::npos && looks_like_host(first);
  if (has_host) {
    if (!is_host(first)) {
      bad(text, "'" + std::string(first) + "' is not a host");
    }
    rest.remove_prefix(slash + 1);
  }
  result.host = has_host ? lower(first) : std::string(k_default_host);
  take_tag_and_digest(text, rest, result);
  check_name(text, rest, has_host);
  result.name = familiar_name(rest);
  result.has_library = has_host && result.name.size() < rest.size();
  return result;
}

std::string Reference::name_in_v2() const {
  return has_library ? full_name(name) : name;
}

std::string familiar_name(std::string_view name) {
  const auto slash = name.find('/');
  const bool is_full = slash == k_library.size() && name.starts_with(k_library) &&
                       name.find('/', slash + 1) == std::string_view::npos;
  return std::string(is_full ? name.substr(slash + 1) : name);
}

std::string full_name(std::string_view name) {
  const bool is_full = name.find('/') != std::string_view::npos;
  return (is_full ? "" : std::string(k_library) + "/").append(name);
}

std::string parse_repository_name(std::string_view text) {
  check_name(text, text, /*has_explicit_host=*/true);
  return familiar_name(text);
}

std::string Reference::tag_or_latest() const {
  return tag.value_or("latest");
}

std::string Reference::to_string() const {
  return host + "/" + name_in_v2() + behind_name(*this);
}

std::string Reference::to_familiar_string() const {
  return name + behind_name(*this);
}

NameAndTag split_tag(std::string_view text) noexcept {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || text.find('/', colon) != std::string_view::npos) {
    return {text, std::nullopt};
  }
  return {text.substr(0, colon), text.substr(colon + 1)};
}

std::string without_password(std::string_view text) {
  const auto password = find_password(text);
  if (password.empty()) {
    return std::string(text);
  }
  const auto scheme = text.find("://");
  const auto user = scheme == std::string_view::npos ? 0 : scheme + 3;
  const auto behind = static_cast<std::size_t>(password.data() - text.data()) + password.size() + 1;
  return std::string(text.substr(0, user)) + std::string(text.substr(behind));
}

RegistryHost parse_registry_host(std::string_view text) {
  refuse_password(text);
  auto rest = without_registry_scheme(text);
  if (rest.ends_with('/')) {
    rest.remove_suffix(1);
  }
  if (is_host(rest)) {
    return {lower(rest), protocol_of_scheme(text)};
  }
  const bool has_scheme = rest.find("://") != std::string_view::npos;
  throw Error(ErrorKind::usage,
              "'" + std::string(text) + "' is not a registry host" +
                  (has_scheme ? ": leave out the scheme" : ""),
              has_scheme ? "--plain-http says that a registry speaks http"
                         : "write HOST[:PORT], for example localhost:5000");
}

bool is_tag(std::string_view text) noexcept {
  return !text.empty() && text.size() <= 128 && text.front() != '.' && text.front() != '-' &&
         std::all_of(text.begin(), text.end(), is_name_character);
}

bool is_docker_hub(std::string_view host) noexcept {
  return host == k_default_host || host == "index.docker.io" || host == "registry-1.docker.io";
}

bool is_loopback_host(std::string_view host) noexcept {
  if (host.starts_with('[')) {
    return host.substr(0, host.find(']') + 1) == "[::1]";
  }
  if (host == "::1") {
    return true;
  }
  const auto name = host.substr(0, host.find(':'));
  // Only a whole dotted address: "127.evil.example" may be any host.
  return name == "localhost" ||
         (name.starts_with("127.") && std::count(name.begin(), name.end(), '.') == 3 &&
          name.find_first_not_of("0123456789.") == std::string_view::npos);
}

} // namespace regctl
