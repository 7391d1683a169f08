// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/base64.hpp>
#include <regctl/base/error.hpp>
#include <regctl/base/file.hpp>
#include <regctl/model/oci/manifest.hpp>

#include <doctest/doctest.h>

using namespace regctl;
using namespace std::string_literals;
using oci::payload_of;

namespace {

std::string recorded(const std::string& name) {
  return read_file(REGCTL_TEST_DATA "/oci/" + name, 1 << 20);
}

/// A document with one signature for each of `headers`, which are signed as they stand.
std::string signed_document(const std::vector<std::string>& headers,
                            const std::string& members = R"("schemaVersion":1)") {
  std::string signatures;
  for (const auto& header : headers) {
    signatures +=
        (signatures.empty() ? "" : ",") + R"({"protected":")"s + base64_encode(header) + R"("})";
  }
  return "{" + members + R"(,"signatures":[)" + signatures + "]}";
}

// What ends the text behind `"schemaVersion":1`: "}".
const std::string k_header = R"({"formatLength":18,"formatTail":"fQ"})";

void check_refused(const std::string& document, const std::string& why) {
  CAPTURE(document);
  try {
    payload_of(document, oci::k_schema1_signed, "the manifest");
    FAIL("was accepted");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::protocol);
    CHECK_MESSAGE(error.message().find(why) != std::string::npos, error.message());
    CHECK(error.message().starts_with("the manifest"));
  }
}

} // namespace

TEST_SUITE_BEGIN("model/oci/payload");

TEST_CASE("the digest of a signed schema 1 is that of what was signed") {
  struct Row {
    const char* file;
    const char* digest;
  };
  // As distribution 2.8.2 said in Docker-Content-Digest.
  const Row rows[] = {
      {"schema1-of-2.8.2.json",
       "sha256:b3e1f2f4c36831e14bdac8518168c115e01e7994ce2a8cf71805142ce69b9874"},
      {"schema1-of-engine-1.6.2.json",
       "sha256:0b4157850ce74c416705a1d6602e1ac2a51c671c1fa98c511f9a0e7c0caba592"},
      {"schema1-of-engine-1.9.1.json",
       "sha256:5928a7b09322b390263cc5ebeb0736397d2dd08e822bc18ab75e7cd8ff8cd381"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.file);
    const auto payload = payload_of(recorded(row.file), oci::k_schema1_signed, "it");
    CHECK(oci::Digest::of(payload).to_string() == row.digest);
  }
}

TEST_CASE("the digest of everything else is that of all bytes") {
  const auto document = recorded("schema1-of-2.8.2.json");
  CHECK(payload_of(document, oci::k_oci_manifest, "it") == document);
  CHECK(payload_of("{ }", oci::k_oci_index, "it") == "{ }");
  CHECK(payload_of(R"({"schemaVersion":1})", oci::k_schema1, "it") == R"({"schemaVersion":1})");
}

TEST_CASE("the media type may have parameters") {
  CHECK(payload_of(signed_document({k_header}), std::string(oci::k_schema1_signed) + "; charset=x",
                   "it") == R"({"schemaVersion":1})");
}

TEST_CASE("several signatures sign one text") {
  CHECK(payload_of(signed_document({k_header, k_header}), oci::k_schema1_signed, "it") ==
        R"({"schemaVersion":1})");
  const std::string other = R"({"formatLength":1,"formatTail":"fQ"})";
  check_refused(signed_document({k_header, other}), "signatures[1] signs another text");
}

TEST_CASE("many signatures of a long text take no longer than one") {
  const std::string filler(1 << 20, 'x');
  const auto members = R"("schemaVersion":1,"x":")" + filler + "\"";
  const auto header =
      R"({"formatLength":)" + std::to_string(members.size() + 1) + R"(,"formatTail":"fQ"})";
  const std::vector<std::string> headers(20'000, header); // would be 20 GB
  CHECK(payload_of(signed_document(headers, members), oci::k_schema1_signed, "it").size() ==
        members.size() + 2);
}

TEST_CASE("a signature of another document is refused") {
  auto document = recorded("schema1-of-2.8.2.json");
  document.replace(document.find("amd64"), 5, "arm64");
  // The signed part was changed with it: the digest tells.
  const auto payload = payload_of(document, oci::k_schema1_signed, "it");
  CHECK(oci::Digest::of(payload).to_string() !=
        "sha256:b3e1f2f4c36831e14bdac8518168c115e01e7994ce2a8cf71805142ce69b9874");
  // Of two members with one name readers take the last; the signed text ends before that.
  document.insert(document.rfind("}"), R"(,"tag":"2.0")");
  check_refused(document, "its signatures are those of another document");
  check_refused(signed_document({R"({"formatLength":0,"formatTail":"e30"})"}),
                "its signatures are those of another document");
}

TEST_CASE("malformed signatures are named") {
  const auto check = [](const std::string& signatures, const std::string& why) {
    check_refused(R"({"schemaVersion":1,"signatures":)" + signatures + "}", why);
  };
  check("{}", "signatures is no list of signatures");
  check("[]", "signatures is no list of signatures");
  check("[7]", "signatures[0].protected is missing");
  check(R"([{"protected":7}])", "signatures[0].protected is not a string");
  check(R"([{"protected":"*"}])", "signatures[0].protected is not base64");
  check(R"([{"protected":"AAAA"}])", "signatures[0].protected is not JSON");
  const auto check_header = [](const std::string& header, const std::string& why) {
    check_refused(signed_document({header}), why);
  };
  check_header("[]", "signatures[0].protected.formatLength is missing");
  check_header(R"({"formatLength":-1,"formatTail":"fQ"})", "formatLength is not a size");
  check_header(R"({"formatLength":18})", "protected.formatTail is missing");
  check_header(R"({"formatLength":18,"formatTail":"?"})", "protected.formatTail is not base64");
  check_header(R"({"formatLength":18446744073709551615,"formatTail":"fQ"})", "is too large");
  check_header(R"({"formatLength":3,"formatTail":"fQ"})", "the signed text is not JSON");
  check_refused("{", "is not JSON");
}

TEST_CASE("both alphabets of base64 are read, with padding and without") {
  // ">>>???" needs the letters in which the alphabets differ.
  const std::string members = R"("a":">>>???")";
  for (const char* tail : {"Ij4-Pj8_PyJ9", "Ij4+Pj8/PyJ9"}) {
    const auto header = R"({"formatLength":5,"formatTail":")"s + tail + "\"}";
    CHECK(payload_of(signed_document({header}, members), oci::k_schema1_signed, "it") ==
          "{" + members + "}");
  }
}

TEST_SUITE_END();
