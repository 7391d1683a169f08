// SPDX-License-Identifier: Apache-2.0
#include "objects/xml.hpp"
#include "support/piecewise_source.hpp"

#include <regctl/base/error.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace regctl;
using objects::read_xml;
using objects::xml_escape;

namespace {

using Lines = std::vector<std::string>;

/// "PATH=TEXT" of each element, in the order of their ends.
Lines elements(const std::string& document) {
  Lines lines;
  const auto source = make_text_source(document);
  read_xml(*source, "the answer", [&](std::string_view path, const std::string& text) {
    lines.push_back(std::string(path) + "=" + text);
  });
  return lines;
}

std::string problem_with(const std::string& document) {
  try {
    elements(document);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::protocol);
    return error.message();
  }
  return "";
}

std::string nested(std::size_t depth) {
  std::string text;
  for (std::size_t i = 0; i < depth; ++i) {
    text = "<a>" + text + "</a>";
  }
  return text;
}

} // namespace

TEST_SUITE_BEGIN("objects/xml");

TEST_CASE("white space may come before a document, while its server works") {
  CHECK(elements(" \r\n\t\n<?xml version=\"1.0\"?><L/>") == Lines{"L="});
  CHECK_FALSE(problem_with(" \n").empty());
  CHECK_FALSE(problem_with(" x <L/>").empty());
}

TEST_CASE("elements are told with their paths and their own texts") {
  CHECK(elements("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                 "<L xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><N>bucket</N>"
                 "<C><K>a&amp;b</K><E>&quot;1&quot;</E></C><C><K>\xc3\xa9</K></C><T/></L>") ==
        Lines{"L/N=bucket", "L/C/K=a&b", "L/C/E=\"1\"", "L/C=", "L/C/K=\xc3\xa9",
              "L/C=", "L/T=", "L="});
  CHECK(elements("<s3:L xmlns:s3=\"u\"><s3:N>1</s3:N></s3:L>") == Lines{"L/N=1", "L="});
  CHECK(elements("<a>1<b>2</b>3</a>") == Lines{"a/b=2", "a=13"});
}

TEST_CASE("a document that comes in small pieces is the same") {
  Lines lines;
  test::PiecewiseSource source("<a><b>some &lt; text</b></a>", 1);
  read_xml(source, "the answer", [&](std::string_view path, const std::string& text) {
    lines.push_back(std::string(path) + "=" + text);
  });
  CHECK(lines == Lines{"a/b=some < text", "a="});
}

TEST_CASE("what is no XML, or none of S3's, is refused") {
  CHECK(problem_with("") == "the answer is no XML: no element found in line 1");
  CHECK(problem_with("<a><b></a>").starts_with("the answer is no XML: mismatched tag"));
  CHECK(problem_with("<a>").starts_with("the answer is no XML"));
  CHECK(problem_with("<html><br></html>").starts_with("the answer is no XML"));
  CHECK(problem_with("<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>") ==
        "the answer has a DOCTYPE, which no S3 sends");
  CHECK(problem_with(nested(32)) == "");
  CHECK(problem_with(nested(33)) == "the answer has elements in elements without end");
  CHECK(problem_with("<a>" + std::string(64 * 1024, 'x') + "</a>") == "");
  CHECK(problem_with("<a>" + std::string(64 * 1024 + 1, 'x') + "</a>") ==
        "the answer has more than 64 KiB of text in one element");
}

TEST_CASE("an exception of the caller's goes through the parser, which calls no more") {
  std::size_t calls = 0;
  const auto source = make_text_source("<a><b/><c/></a>");
  CHECK_THROWS_AS(read_xml(*source, "the answer",
                           [&](std::string_view, const std::string&) {
                             ++calls;
                             throw Error(ErrorKind::interrupted, "interrupted");
                           }),
                  Error);
  CHECK(calls == 1);
}

TEST_CASE("what was escaped is read as it was") {
  const std::string text = "a&b<c>\"d'\r\n\xc3\xa9";
  CHECK(elements("<a>" + xml_escape(text) + "</a>") == Lines{"a=" + text});
}

TEST_SUITE_END();
