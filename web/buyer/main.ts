document.title = 'Miaofa';
export {};
