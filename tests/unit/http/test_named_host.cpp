// SPDX-License-Identifier: Apache-2.0
#include "http/named_host.hpp"

#include <doctest/doctest.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <string>

using namespace regctl;
using namespace regctl::http;

TEST_SUITE_BEGIN("http/named_host");

TEST_CASE("every spelling of an address of this machine is known") {
  for (const auto* host : {"127.0.0.1",
                           "127.8.9.1",
                           "127.1",
                           "0x7f000001",
                           "0X7F.1",
                           "2130706433",
                           "0177.0.0.1",
                           "017700000001",
                           "0",
                           "0.0.0.0",
                           "::1",
                           "::",
                           "0:0:0:0:0:0:0:1",
                           "::ffff:127.0.0.1",
                           "::FFFF:7F00:1",
                           "::127.0.0.1",
                           "::ffff:0:127.0.0.1",
                           "64:ff9b::127.0.0.1",
                           "2002:7f00:1::",
                           "localhost",
                           "LocalHost.",
                           "a.localhost",
                           "::1%lo"}) {
    CAPTURE(host);
    CHECK(kind_of_host(host) == AddressKind::this_machine);
  }
}

TEST_CASE("link-local addresses and the metadata of clouds are one kind") {
  for (const auto* host :
       {"169.254.169.254", "169.254.0.1", "0xa9fea9fe", "2852039166", "169.16689662", "fe80::1",
        "fe80::1%eth0", "febf::1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::", "100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254",
        "fd20:ce::254", "metadata.google.internal", "metadata.google.internal."}) {
    CAPTURE(host);
    CHECK(kind_of_host(host) == AddressKind::this_link);
  }
}

TEST_CASE("all other hosts are ordinary, even a name that looks like an address") {
  for (const auto* host : {"10.0.0.1", "192.168.1.1", "172.16.0.1", "128.0.0.1", "8.8.8.8",
                           "2001:db8::1", "fec0::1", "fd00::1", "registry.example",
                           "127.evil.example", "localhost.example", "127.0.0.1.example", ""}) {
    CAPTURE(host);
    CHECK(kind_of_host(host) == AddressKind::ordinary);
  }
}

TEST_CASE("a socket's address is of the same kind as its text") {
  ::sockaddr_in ipv4{};
  ipv4.sin_family = AF_INET;
  ipv4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(kind_of_address(reinterpret_cast<const ::sockaddr&>(ipv4)) == AddressKind::this_machine);
  ::sockaddr_in6 ipv6{};
  ipv6.sin6_family = AF_INET6;
  REQUIRE(::inet_pton(AF_INET6, "fe80::1", &ipv6.sin6_addr) == 1);
  CHECK(kind_of_address(reinterpret_cast<const ::sockaddr&>(ipv6)) == AddressKind::this_link);
}

TEST_CASE("a server may name ordinary addresses, and those of its own kind") {
  struct Row {
    const char* by;
    const char* named;
    bool is_allowed;
  };
  const Row rows[] = {
      {"https://reg.example", "https://store.example/x", true},
      {"https://reg.example", "http://store.example/x", false},
      {"https://reg.example", "http://reg.example/x", false},
      {"http://reg.example", "http://store.example/x", true},
      {"http://reg.example", "https://reg.example/x", true},
      {"https://reg.example", "https://127.0.0.1:5000/x", false},
      {"http://reg.example", "http://localhost/x", false},
      {"http://reg.example", "http://2852039166/latest/meta-data", false},
      {"http://localhost:5000", "http://127.0.0.1:5001/x", true},
      {"http://localhost:5000", "http://169.254.169.254/x", false},
      {"http://169.254.1.1:5000", "http://169.254.1.2/x", true},
      {"http://169.254.1.1:5000", "http://localhost/x", false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.by);
    CAPTURE(row.named);
    const auto by = Url::parse(row.by);
    const NamedBy server{by, kind_of_host(by.host)};
    if (row.is_allowed) {
      CHECK_NOTHROW(check_named_host(server, Url::parse(row.named)));
    } else {
      CHECK_THROWS_AS(check_named_host(server, Url::parse(row.named)), Error);
    }
  }
}

TEST_CASE("a server has the kind of the address at which it was found") {
  PeerKinds kinds;
  const auto server = Url::parse("http://intranet.example:5000/");
  CHECK(kinds.of(server) == AddressKind::ordinary);
  kinds.remember(server, AddressKind::this_machine);
  CHECK(kinds.of(Url::parse("http://intranet.example:5000/other")) == AddressKind::this_machine);
  CHECK(kinds.of(Url::parse("http://intranet.example:5001/")) == AddressKind::ordinary);
}

TEST_SUITE_END();
