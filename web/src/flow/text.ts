const measuring = document.createElement("canvas").getContext("2d");

/** How wide a text is drawn, in pixels. */
export function textWidth(text: string, font: string): number {
  if (!measuring) return 0;
  measuring.font = font;
  return measuring.measureText(text).width;
}

/** As much of a text as fits. */
export function ellipsed(text: string, font: string, width: number): string {
  if (textWidth(text, font) <= width) return text;
  let end = text.length;
  while (end > 1 && textWidth(`${text.slice(0, end)}…`, font) > width) end -= 1;
  return `${text.slice(0, end)}…`;
}
