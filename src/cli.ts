#!/usr/bin/env node
/** The command `wirewitness`: everything is in cli/run.ts. */
import { main } from './cli/run.ts';

await main();
