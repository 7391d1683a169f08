// SPDX-License-Identifier: Apache-2.0
#include "server/http/daemon.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/whole_number.hpp>
#include <regctl/server/http/page_server.hpp>

#include <linux/tcp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>
#include <system_error>

namespace regctl::server {

namespace {

/// How long the kernel may hold back a connection without data. A connection then arrives with its
/// first byte, so that a TLS hello on a plain port is recognised at once.
constexpr int k_defer_s = 5;

struct FreeAddresses {
  void operator()(addrinfo* list) const noexcept { ::freeaddrinfo(list); }
};

struct HostPort {
  std::string host;
  std::string port;
};

HostPort split_address(const std::string& address) {
  const auto colon = address.rfind(':');
  const auto port = colon == std::string::npos
                        ? std::nullopt
                        : parse_whole_number<std::uint16_t>(address.substr(colon + 1));
  if (!port) {
    throw Error(ErrorKind::usage, "'" + address + "' is no address to listen on",
                "write ADDRESS:PORT, as in 127.0.0.1:5000, [::1]:5000 or :5000 for everywhere");
  }
  auto host = address.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  }
  return {host, std::to_string(*port)};
}

std::unique_ptr<addrinfo, FreeAddresses> resolve(const std::string& address) {
  const auto [host, port] = split_address(address);
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  hints.ai_family = host.empty() ? AF_INET6 : AF_UNSPEC; // [::] accepts IPv4 too
  addrinfo* list = nullptr;
  const int code =
      ::getaddrinfo(host.empty() ? nullptr : host.c_str(), port.c_str(), &hints, &list);
  if (code != 0) {
    throw Error(ErrorKind::usage,
                "'" + address + "' is no address to listen on: " + ::gai_strerror(code));
  }
  return std::unique_ptr<addrinfo, FreeAddresses>(list);
}

[[noreturn]] void cannot_listen(const std::string& address, int reason) {
  throw Error(ErrorKind::unavailable,
              "cannot listen on " + address + ": " + std::generic_category().message(reason),
              reason == EADDRINUSE ? "something listens there already: take another port" : "");
}

sockaddr_storage name_of(const FileDescriptor& listener) {
  sockaddr_storage name = {};
  socklen_t size = sizeof name;
  if (::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&name), &size) != 0) {
    throw_errno("read the address of a socket", errno);
  }
  return name;
}

} // namespace

void check_listen_address(const std::string& address) {
  static_cast<void>(split_address(address));
}

FileDescriptor listen_on(const std::string& address) {
  const auto found = resolve(address);
  FileDescriptor socket(
      ::socket(found->ai_family, found->ai_socktype | SOCK_CLOEXEC, found->ai_protocol));
  if (!socket) {
    cannot_listen(address, errno);
  }
  const int on = 1;
  const int off = 0;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_DEFER_ACCEPT, &k_defer_s, sizeof k_defer_s);
  if (found->ai_family == AF_INET6) {
    ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  }
  if (::bind(socket.get(), found->ai_addr, found->ai_addrlen) != 0 ||
      ::listen(socket.get(), SOMAXCONN) != 0) {
    cannot_listen(address, errno);
  }
  return socket;
}

std::uint16_t port_of(const FileDescriptor& listener) {
  const auto name = name_of(listener);
  return ntohs(name.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6*>(&name)->sin6_port
                                          : reinterpret_cast<const sockaddr_in*>(&name)->sin_port);
}

bool is_on_loopback(const FileDescriptor& listener) {
  const auto name = name_of(listener);
  if (name.ss_family == AF_INET6) {
    return IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<const sockaddr_in6*>(&name)->sin6_addr) != 0;
  }
  const auto address = ntohl(reinterpret_cast<const sockaddr_in*>(&name)->sin_addr.s_addr);
  return address >> 24U == IN_LOOPBACKNET;
}

} // namespace regctl::server
