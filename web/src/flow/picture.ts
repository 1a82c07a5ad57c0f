import { saveFile } from "../ui/saving";
import { textWidth } from "./text";

/** What the pointer is over, where, and how large the picture is. */
export interface Pointed {
  readonly id: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** What can be done with a picture, whichever way it is drawn. */
export interface Picture {
  readonly zoom: (inwards: boolean) => void;
  readonly fit: () => void;
  readonly show: (id: string) => void;
  /** The whole picture as a data address; null while there is none. */
  readonly image: () => Promise<string | null>;
}

/** What stands before a word of the legend: a chip with a letter, a flag with a word, a line so thick. */
export type Sign = { readonly colour: string; readonly word: string } & (
  | { readonly kind: "chip" | "flag"; readonly letter: string }
  | { readonly kind: "line"; readonly thickness: number }
);

interface Sheet {
  readonly title: string;
  readonly lines: readonly string[];
  readonly legend: readonly Sign[];
  readonly font: string;
}

const MARGIN = 32;
const ROW = 28;
/** Between a sign and its word, and between two entries. */
const BESIDE = 7;
const APART = 24;

/** Where each entry of the given widths stands: beside the one before while the row has room, else in the next row. */
export function inRows(widths: readonly number[], room: number): { readonly x: number; readonly row: number }[] {
  let x = 0;
  let row = 0;
  return widths.map((width) => {
    if (x > 0 && x + width > room) {
      x = 0;
      row += 1;
    }
    const place = { x, row };
    x += width + APART;
    return place;
  });
}

function signWidth(sign: Sign, font: string): number {
  return sign.kind === "chip" ? 18 : sign.kind === "line" ? 30 : textWidth(sign.letter, `600 11px ${font}`) + 16;
}

function drawSign(pen: CanvasRenderingContext2D, sign: Sign, x: number, y: number, font: string) {
  const width = signWidth(sign, font);
  pen.fillStyle = sign.colour;
  if (sign.kind === "line") {
    pen.fillRect(x, y - sign.thickness / 2, width, sign.thickness);
  } else {
    pen.fillRect(x, y - 9, width, 18);
    pen.fillStyle = "#ffffff";
    pen.font = `600 11px ${font}`;
    pen.textAlign = "center";
    pen.fillText(sign.letter, x + width / 2, y + 1);
    pen.textAlign = "left";
  }
  pen.fillStyle = "#1b2526";
  pen.font = `13px ${font}`;
  pen.fillText(sign.word, x + width + BESIDE, y + 1);
}

function loaded(address: string): Promise<HTMLImageElement> {
  return new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => resolve(image);
    image.onerror = () => reject(new Error("the picture cannot be read"));
    image.src = address;
  });
}

/** Puts title, facts, picture and legend on a white sheet and hands it to the reader as a PNG file. */
export async function savePicture(address: string, fileName: string, sheet: Sheet): Promise<void> {
  const image = await loaded(address);
  const scale = window.devicePixelRatio || 1;
  const width = Math.max(image.width / scale + 2 * MARGIN, 900);
  const top = MARGIN + 34 + sheet.lines.length * 22 + 18;
  const widths = sheet.legend.map(
    (sign) => signWidth(sign, sheet.font) + BESIDE + textWidth(sign.word, `13px ${sheet.font}`),
  );
  const places = inRows(widths, width - 2 * MARGIN);
  const legendRows = (places.at(-1)?.row ?? -1) + 1;
  const height = top + image.height / scale + ROW + legendRows * ROW + MARGIN;
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const pen = canvas.getContext("2d");
  if (!pen) throw new Error("the browser draws no pictures");
  pen.scale(scale, scale);
  pen.fillStyle = "#ffffff";
  pen.fillRect(0, 0, width, height);
  pen.textBaseline = "middle";
  pen.fillStyle = "#1b2526";
  pen.font = `600 20px ${sheet.font}`;
  pen.fillText(sheet.title, MARGIN, MARGIN + 12);
  pen.font = `13px ${sheet.font}`;
  pen.fillStyle = "#4a5658";
  sheet.lines.forEach((line, row) => pen.fillText(line, MARGIN, MARGIN + 44 + row * 22));
  pen.drawImage(image, MARGIN, top, image.width / scale, image.height / scale);
  const legendTop = top + image.height / scale + 36;
  sheet.legend.forEach((sign, at) => {
    const { x = 0, row = 0 } = places[at] ?? {};
    drawSign(pen, sign, MARGIN + x, legendTop + row * ROW, sheet.font);
  });
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/png"));
  if (!blob) throw new Error("the browser gave no picture");
  saveFile(blob, fileName);
}
