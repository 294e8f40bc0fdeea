export { allBoards, dashboardFiles } from './all-boards.js';
