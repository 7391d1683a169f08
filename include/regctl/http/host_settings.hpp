// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace regctl::http {

/// Versions of TLS, old ones first.
enum class TlsVersion { v1_0, v1_1, v1_2, v1_3 };

/// A certificate of ours.
struct ClientCertificate {
  std::string file; ///< PEM
  std::string key;  ///< PEM; empty: in the same file

  bool operator==(const ClientCertificate&) const = default;
};

/// How to reach one registry by https; found by host for each connection.
struct HostSettings {
  bool verify_tls = true;
  /// PEM; beside the system's, where that has them in a folder. One that is not PEM is none.
  std::vector<std::string> ca_files;
  /// The first that the host does not refuse is shown from then on.
  std::vector<ClientCertificate> client_certificates;
  /// Below 1.2, the ciphers, keys and signatures of those days are taken as well.
  TlsVersion tls_min = TlsVersion::v1_2;
};

} // namespace regctl::http
