import { render } from 'preact';
import { takeToken } from './api/token.js';
import { App } from './app.js';
import './styles/index.css';
import { applyTheme, storedTheme } from './theme.js';

applyTheme(storedTheme());
const root = document.getElementById('app');
if (root !== null) render(<App token={takeToken()} />, root);
