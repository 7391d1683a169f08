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

/// The kind of an address, which decides whether a server may name it.
enum class AddressKind {
  ordinary,
  this_machine, ///< loopback, and the unspecified address, which connects to loopback
  this_link,    ///< link-local, and the metadata services of clouds, which hand out credentials
};

/// The kind of a numeric address, in any spelling that resolvers accept ("127.1", "0x7f000001",
/// "2130706433", "::ffff:127.0.0.1", "64:ff9b::7f00:1"), and of well-known names of such addresses
/// ("localhost", "a.localhost.", "metadata.google.internal"). Other names are ordinary here: the
/// address that they resolve to is checked when a connection is made.
AddressKind kind_of_host(std::string_view host);

/// The kind of a socket's address.
AddressKind kind_of_address(const ::sockaddr& address);

/// The server that names a host, and the kind of its address.
struct NamedBy {
  Url url;
  AddressKind kind = AddressKind::ordinary;
};

/// Whether a server with an address of kind `server` may name one of kind `named`. Ordinary
/// addresses may always be named, others only by a server of the same kind. Otherwise a distant
/// registry could use this client to reach addresses that it cannot reach itself.
bool may_name(AddressKind server, AddressKind named) noexcept;

/// Remembers the kinds of the addresses at which servers were found, for the hosts that their
/// answers name later. Thread-safe.
class PeerKinds {
public:
  /// The kind of the server's address; until it has answered, the kind of its name.
  AddressKind of(const Url& server);
  void remember(const Url& server, AddressKind kind);

private:
  std::mutex mutex_;
  std::map<std::string, AddressKind> kinds_; ///< by origin
};

/// Throws Error{protocol} if `by` must not name `named`: because of its address, or because it is
/// plain http while `by` is asked by https. Every host that a server names is checked here:
/// redirects, X-Docker-Endpoints, realms of tokens.
void check_named_host(const NamedBy& by, const Url& named);

/// The Error for a host whose name resolves to an address that `by` may not name.
Error refused_address(const NamedBy& by, const Url& named, const std::string& address);

} // namespace regctl::http
