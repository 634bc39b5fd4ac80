import { describe, expect, test } from "@jest/globals";
import { countUploads, filledSection } from "../../core/attachments.ts";

const image = "https://github.com/user-attachments/assets/0f0c2f6e-9a3e-4a52-8f4d-3d1f6b0e5c11";

test.each([
  [`![before](${image})`, 1],
  [`<img width="300" src="${image}">`, 1],
  [`${image}\n\n${image}`, 1],
  [`${image} and https://github.com/user-attachments/files/17/report.pdf`, 2],
  ["https://user-images.githubusercontent.com/583231/1-a.png", 1],
  ["https://github.com/acme/web/assets/583231/0f0c2f6e", 1],
  [`<!-- ${image} -->`, 0],
  [`<!-- ${image}`, 0],
  ["![shot](https://example.com/user-attachments/assets/0f0c2f6e)", 0],
  ["https://github.com/acme/web/blob/main/shot.png", 0],
  ["https://github.com.evil.example/user-attachments/assets/1", 0],
  ["", 0],
])("uploads in %j: %i", (text, count) => {
  expect(countUploads(text)).toBe(count);
});

describe("a section that is filled in", () => {
  const text =
    "Why.\r\n\r\n## How tested: ##\r\n\r\nBy hand.\r\n\r\n### On a phone\r\n\r\nToo.\r\n\r\n## Risk\r\n\r\n<!-- low? -->\r\n";
  test.each([
    ["How tested", text, "By hand.\n\n### On a phone\n\nToo."],
    ["how TESTED", text, "By hand.\n\n### On a phone\n\nToo."],
    ["On a phone", text, "Too."],
    ["Risk", text, ""],
    ["Why", text, null],
    ["Boxes", "# Boxes\n- [ ] tried\n* [ ] measured", ""],
    ["Boxes", "# Boxes\n- [x] tried\n- [ ] measured", "- [x] tried\n- [ ] measured"],
    ["Form", "### Form\n\n_No response_\n", ""],
    ["Only deeper", "# Only deeper\n## Nothing\n", ""],
    ["Fenced", "```\n# Fenced\nx\n```", null],
    ["Twice", "# Twice\n\n# Twice\nlater", ""],
    ["Ends in a fence", "# Ends in a fence\n```\n# not a heading\n```", "```\n# not a heading\n```"],
  ])("%s", (name, body, found) => {
    expect(filledSection(body, name)).toBe(found);
  });
});
