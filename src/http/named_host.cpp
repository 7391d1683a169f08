// SPDX-License-Identifier: Apache-2.0
#include "http/named_host.hpp"

#include <regctl/base/text.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <span>

namespace regctl::http {

namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::size_t k_ipv4_bytes = 4;

template <class Prefix> bool begins_with(Bytes address, const Prefix& prefix) {
  return std::equal(prefix.begin(), prefix.end(), address.begin());
}

AddressKind kind_of_ipv4(Bytes address) {
  // Alibaba's metadata service, Azure's wire server, Oracle's metadata service. They are not
  // link-local, but hand out credentials too.
  constexpr std::array<std::array<std::uint8_t, k_ipv4_bytes>, 3> k_metadata = {
      {{100, 100, 100, 200}, {168, 63, 129, 16}, {192, 0, 0, 192}}};
  if (address[0] == 127 || address[0] == 0) {
    return AddressKind::this_machine;
  }
  const bool is_link_local = address[0] == 169 && address[1] == 254;
  const bool is_metadata =
      std::any_of(k_metadata.begin(), k_metadata.end(),
                  [&](const auto& known) { return begins_with(address, known); });
  return is_link_local || is_metadata ? AddressKind::this_link : AddressKind::ordinary;
}

AddressKind kind_of_ipv6(Bytes address) {
  constexpr std::array<std::uint8_t, 12> k_zeros{};
  constexpr std::array<std::uint8_t, 12> k_mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  constexpr std::array<std::uint8_t, 12> k_translated = {0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0};
  constexpr std::array<std::uint8_t, 12> k_nat64 = {0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0};
  constexpr std::array<std::uint8_t, 2> k_6to4 = {0x20, 0x02};
  // Amazon's and Google's metadata services.
  constexpr std::array<std::array<std::uint8_t, 16>, 2> k_metadata = {
      {{0xfd, 0x00, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54},
       {0xfd, 0x20, 0x00, 0xce, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54}}};
  const auto last = address.subspan(12);
  if (begins_with(address, k_zeros) && last[0] == 0 && last[1] == 0 && last[2] == 0 &&
      last[3] <= 1) {
    return AddressKind::this_machine; // "::" and "::1"
  }
  if (begins_with(address, k_zeros) || begins_with(address, k_mapped) ||
      begins_with(address, k_translated) || begins_with(address, k_nat64)) {
    return kind_of_ipv4(last);
  }
  if (begins_with(address, k_6to4)) {
    return kind_of_ipv4(address.subspan(2, k_ipv4_bytes));
  }
  const bool is_link_local = address[0] == 0xfe && (address[1] & 0xc0) == 0x80;
  const bool is_metadata =
      std::any_of(k_metadata.begin(), k_metadata.end(),
                  [&](const auto& known) { return begins_with(address, known); });
  return is_link_local || is_metadata ? AddressKind::this_link : AddressKind::ordinary;
}

template <class Address> Bytes bytes_of(const Address& address) {
  return {reinterpret_cast<const std::uint8_t*>(&address), sizeof(address)};
}

std::string to_string(AddressKind kind) {
  return kind == AddressKind::this_machine ? "this machine itself"
                                           : "a link-local or metadata address";
}

std::string sentence(const NamedBy& by, const Url& named) {
  return by.url.origin() + " sends us to " + named.origin();
}

} // namespace

AddressKind kind_of_host(std::string_view host) {
  auto name = lower(host.substr(0, host.find('%'))); // without the zone of an IPv6 address
  if (name.ends_with('.')) {
    name.pop_back();
  }
  if (name == "localhost" || name.ends_with(".localhost")) {
    return AddressKind::this_machine;
  }
  if (name == "metadata.google.internal" || name == "instance-data.ec2.internal") {
    return AddressKind::this_link;
  }
  ::in6_addr ipv6{};
  if (::inet_pton(AF_INET6, name.c_str(), &ipv6) == 1) {
    return kind_of_ipv6(bytes_of(ipv6));
  }
  ::in_addr ipv4{};
  if (::inet_aton(name.c_str(), &ipv4) != 0) { // octal, hexadecimal and short forms too
    return kind_of_ipv4(bytes_of(ipv4));
  }
  return AddressKind::ordinary;
}

AddressKind kind_of_address(const ::sockaddr& address) {
  if (address.sa_family == AF_INET) {
    ::sockaddr_in ipv4{};
    std::memcpy(&ipv4, &address, sizeof(ipv4));
    return kind_of_ipv4(bytes_of(ipv4.sin_addr));
  }
  if (address.sa_family == AF_INET6) {
    ::sockaddr_in6 ipv6{};
    std::memcpy(&ipv6, &address, sizeof(ipv6));
    return kind_of_ipv6(bytes_of(ipv6.sin6_addr));
  }
  return AddressKind::ordinary;
}

AddressKind PeerKinds::of(const Url& server) {
  const std::lock_guard lock(mutex_);
  const auto found = kinds_.find(server.origin());
  return found == kinds_.end() ? kind_of_host(server.host) : found->second;
}

void PeerKinds::remember(const Url& server, AddressKind kind) {
  const std::lock_guard lock(mutex_);
  kinds_[server.origin()] = kind;
}

bool may_name(AddressKind server, AddressKind named) noexcept {
  return named == AddressKind::ordinary || named == server;
}

void check_named_host(const NamedBy& by, const Url& named) {
  if (by.url.scheme == "https" && named.scheme != "https") {
    throw Error(ErrorKind::protocol,
                sentence(by, named) + ", which is plain http: anybody on the way could change it",
                "whoever runs the registry has to name it by https");
  }
  const auto kind = kind_of_host(named.host);
  if (named.host != by.url.host && !may_name(by.kind, kind)) {
    throw Error(ErrorKind::protocol, sentence(by, named) + ", " + to_string(kind) +
                                         ", which a registry elsewhere must not name");
  }
}

Error refused_address(const NamedBy& by, const Url& named, const std::string& address) {
  const auto kind = kind_of_host(address);
  return Error(ErrorKind::protocol, sentence(by, named) + ", whose name leads to " + address +
                                        ", " + to_string(kind) +
                                        ", which a registry elsewhere must not name");
}

} // namespace regctl::http
