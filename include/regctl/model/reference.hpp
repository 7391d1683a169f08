// SPDX-License-Identifier: Apache-2.0
#pragma once

// model/: names and data of images: references, places, v1 images, and the interfaces of
// repositories. It knows formats of names and documents, but neither disk nor network.

#include <optional>
#include <string>
#include <string_view>

namespace regctl {

/// The protocols of registries: Docker's first one, and Docker's second one, which became OCI's.
enum class Protocol { v1, v2 };
/// "v1"
std::string_view to_string(Protocol protocol) noexcept;

/// A registry: "host", "host:port", "[::1]:5000"; host in lower case.
struct RegistryHost {
  std::string host;
  std::optional<Protocol> protocol = {}; ///< the one to speak; nothing: to be detected
  auto operator<=>(const RegistryHost&) const = default;
};

/// What may stand before everything that is at a registry. "v1://" and "v2://" say besides which
/// protocol to speak.
inline constexpr std::string_view k_registry_scheme = "docker://";
/// "docker://host" for "host"; "v1://host" if the protocol is given.
std::string with_registry_scheme(std::string_view text, std::optional<Protocol> protocol = {});
/// The same text without the scheme, if it has one of the three.
std::string_view without_registry_scheme(std::string_view text) noexcept;
/// The protocol that the scheme of `text` names; nothing for "docker://" and without a scheme.
std::optional<Protocol> protocol_of_scheme(std::string_view text) noexcept;

/// The name of an image at a registry, always valid.
///
/// Parsing follows Docker's rules: the first part is a host if it has a '.' or ':', or is
/// "localhost"; without a host it is docker.io. Unlike in Docker, names at an explicit host may
/// have upper-case letters, since v1 registries hold such names.
struct Reference {
  std::string host; ///< "host:5000"
  std::string name; ///< "team/app" or "app"; never with the "library/" that docker.io implies
  std::optional<std::string> tag;
  std::optional<std::string> digest; ///< "sha256:…" or "sha512:…"; with it the tag decides nothing
  /// The name was written as "library/app". Protocol v1 takes that and "app" for one repository;
  /// protocol v2 tells them apart.
  bool has_library = false;

  /// Reads "[docker://]HOST[:PORT]/NAME[:TAG][@DIGEST]". Throws Error{usage} saying which part is
  /// wrong.
  static Reference parse(std::string_view text);

  /// The name at a registry of protocol v2: "library/app" where it was written so.
  [[nodiscard]] std::string name_in_v2() const;

  /// The tag, or "latest".
  [[nodiscard]] std::string tag_or_latest() const;

  /// "host:5000/team/app:1.0": the text that parse() reads as this reference; "library/" stays
  /// where it was written.
  [[nodiscard]] std::string to_string() const;

  /// "team/app:1.0": without the host, and without "library/".
  [[nodiscard]] std::string to_familiar_string() const;

  auto operator<=>(const Reference&) const = default;
};

/// Reads a host as written on the command line ("host:5000", also with a scheme or a final slash).
/// Throws Error{usage}.
RegistryHost parse_registry_host(std::string_view text);

/// Reads the name of a repository without a host ("team/app"); "library/app" gives "app".
/// Throws Error{usage} saying what is wrong.
std::string parse_repository_name(std::string_view text);

/// A name, and the tag behind its last colon: "host:5000/app:1.0". A colon before a slash is a
/// port's. Both refer to the text.
struct NameAndTag {
  std::string_view name;
  std::optional<std::string_view> tag;
};
NameAndTag split_tag(std::string_view text) noexcept;

/// `text` without a "USER:PASSWORD@" before the host; a scheme before it stays.
std::string without_password(std::string_view text);

/// The namespace of names of one part.
inline constexpr std::string_view k_library = "library";

/// Whether the host is Docker Hub, whose name has changed over the years: docker.io,
/// index.docker.io, or registry-1.docker.io, where its API is.
bool is_docker_hub(std::string_view host) noexcept;

/// A repository's name without "library/" before a single part: "app", "team/app".
std::string familiar_name(std::string_view name);

/// A repository's name with its namespace: "library/app", "team/app".
std::string full_name(std::string_view name);

/// True if `text` is 1 to 128 characters of [A-Za-z0-9_.-] and does not start with '.' or '-'.
/// Source: docker-registry 0.9, tag names `^[\w][\w.-]{0,127}$`.
bool is_tag(std::string_view text) noexcept;

/// True for 127.0.0.0/8, ::1 and localhost, with or without a port. Plain http to these hosts needs
/// no permission.
bool is_loopback_host(std::string_view host) noexcept;

} // namespace regctl
