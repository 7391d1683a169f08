// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/error.hpp>
#include <regctl/http/url.hpp>

#include <sys/socket.h>

#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace regctl::http {

/// Whom an address reaches, as far as it matters for who may name it.
enum class AddressKind {
  ordinary,
  this_machine, ///< loopback, and the unspecified address, which connects to it
  this_link,    ///< link-local, and the metadata services of clouds, which hand out credentials
};

/// The kind of a numeric address in any spelling that resolvers take ("127.1", "0x7f000001",
/// "2130706433", "::ffff:127.0.0.1", "64:ff9b::7f00:1"), and of names that are known to stand for
/// one ("localhost", "a.localhost.", "metadata.google.internal"). Other names are ordinary here:
/// what they resolve to is looked at when a connection is made.
AddressKind kind_of_host(std::string_view host);

/// The same of a socket's address.
AddressKind kind_of_address(const ::sockaddr& address);

/// The server that a user named, and where it was found to be.
struct NamedBy {
  Url url;
  AddressKind kind = AddressKind::ordinary;
};

/// Whether a server may send us to an address of that kind: to ordinary ones always, to others only
/// if it is of that kind itself. A registry elsewhere that names ours would have us ask, with our
/// access, what it cannot reach.
bool may_name(AddressKind server, AddressKind named) noexcept;

/// Where servers that users named were found, for what their answers name later. Thread-safe.
class PeerKinds {
public:
  /// That of the host's name as long as the server has not answered.
  AddressKind of(const Url& server);
  void remember(const Url& server, AddressKind kind);

private:
  std::mutex mutex_;
  std::map<std::string, AddressKind> kinds_; ///< by origin
};

/// Throws Error{protocol} if `by` must not send us to `named`: an address that it may not name, or
/// plain http where `by` itself is asked by https. Everything that names a host comes through here:
/// redirects, X-Docker-Endpoints, realms of tokens.
void check_named_host(const NamedBy& by, const Url& named);

/// The Error of a host whose name resolves to an address that `by` may not name.
Error refused_address(const NamedBy& by, const Url& named, const std::string& address);

} // namespace regctl::http
